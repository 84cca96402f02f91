package logs

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"net/netip"
	"time"
)

// Line is one request as HAProxy logged it, behind a syslog header (RFC 5424, RFC 3164) or none, in one of three formats: our
// JSON (json.go), our text (text.go) and HAProxy's `option httplog` (httplog.go). In each the path comes last. Its byte slices
// point into the parsed line or into the Line's own memory: they are good until the next Parse of the same Line.
type Line struct {
	ID            [16]byte // HAProxy's unique-id
	HasID         bool
	AtMicros      int64      // t: when it was logged, which is the end of the request; Unix time
	Customer      []byte     // c, as it stands; empty for "-"
	Service       []byte     // s; empty for "-"
	KeyID         []byte     // k, optional; empty for "-"
	Method        []byte     // m
	Path          []byte     // p without its query string
	Status        int16      // st; -1 when the client left before an answer
	BytesSent     int64      // bo
	BytesReceived int64      // bi
	DurationMs    int32      // d; -1 when HAProxy could not time it
	ClientIP      netip.Addr // ip; not valid when it is no IP address
	Backend       []byte     // be
	Server        []byte     // sv
	Termination   []byte     // ts: termination state, HAProxy configuration manual 8.5
	Truncated     bool       // the line ended inside the path

	zone    *time.Location // of a time that names none; nil is UTC
	coarse  bool           // the format's time is so coarse that two requests may log the same line
	seen    field
	scratch []byte
}

// HAProxy's letters for the fields: %ID, %[date(0,us)], %ST, %B, %U, %Ta, %tsc, %ci, %b, %s. With `option logasap` it puts a
// plus before a size or a time that was not final yet: the number counts as it stands.

// Unread is why a line could not be read. The text is stored with the line and stays what it is.
type Unread string

func (u Unread) Error() string { return string(u) }

// The reasons.
const (
	UnreadHeader  Unread = "header"   // neither a syslog header nor the start of a format
	UnreadFormat  Unread = "format"   // a message in no format that is known
	UnreadJSON    Unread = "json"     // not one flat JSON object
	UnreadCut     Unread = "cut"      // ends somewhere else than in the path
	UnreadMissing Unread = "missing"  // a field is not there
	UnreadTwice   Unread = "twice"    // a field is there twice: which one is true?
	UnreadType    Unread = "type"     // a string for a number, or the reverse
	UnreadRange   Unread = "range"    // a number no request has
	UnreadVersion Unread = "version"  // a version of our format that is not known
	UnreadCookie  Unread = "cookie"   // httplog with a captured cookie: a client could write fields of its own there
	UnreadTooLong Unread = "too_long" // longer than maxLineBytes
)

// Past the year 2100 nothing is a time; past 2^48 bytes nothing is one answer, and a sum of such would not fit a bigint.
const (
	latestMicros = 4102444800 * 1e6
	mostBytes    = 1 << 48
)

// Parse reads a line without its framing and its end of line. It allocates nothing once the Line has seen its longest escaped
// strings. The error is an Unread, and then the fields mean nothing.
//
// A line may end early: HAProxy cuts at `len`, and a connection breaks where it likes. Only the path may be cut. A customer,
// a status or a size read from a cut field would bill the wrong thing.
func (l *Line) Parse(raw []byte) error {
	*l = Line{zone: l.zone, scratch: l.scratch[:0]}
	b, err := message(raw)
	switch {
	case err != nil:
		return err
	case b[0] == '{':
		return l.parseJSON(b)
	case bytes.HasPrefix(b, textStart):
		return l.parseText(b)
	}
	return l.parseHTTPLog(b)
}

// coarse reports whether a message is in a format whose time is so coarse that two requests may log the same line.
func coarse(b []byte) bool { return b[0] != '{' && !bytes.HasPrefix(b, textStart) }

// RID is the identity of the row: HAProxy's unique-id, or for a request it refused before giving it one, a hash of raw, which is
// the line as it came. A line with its microsecond stands for itself. A format with milliseconds may log two requests alike:
// there copy, the number of lines like it that came before in its source, tells them apart. It is the only part of a line's
// place that stays when a file is split, renamed or shuffled. The hash is marked as a version 8 UUID (RFC 9562).
func (l *Line) RID(raw []byte, copy int) [16]byte {
	if l.HasID {
		return l.ID
	}
	rid := hashed(raw)
	if copy == 0 || !l.coarse {
		return rid
	}
	from := len(l.scratch)
	l.scratch = append(l.scratch, rid[:]...)
	l.scratch = binary.BigEndian.AppendUint64(l.scratch, uint64(copy))
	return hashed(l.scratch[from:])
}

func hashed(raw []byte) (rid [16]byte) {
	sum := sha256.Sum256(raw)
	copy(rid[:], sum[:])
	rid[6] = rid[6]&0x0f | 0x80
	rid[8] = rid[8]&0x3f | 0x80
	return rid
}

// Reached reports whether a backend took the request. HAProxy names a server before it is connected, so a server alone does
// not say so: the second letter of the termination state is C or Q when the connection never came about.
func (l *Line) Reached() bool {
	if len(l.Server) == 0 || l.Server[0] == '<' || l.Server[0] == '-' && len(l.Server) == 1 {
		return false
	}
	return len(l.Termination) < 2 || l.Termination[1] != 'C' && l.Termination[1] != 'Q'
}

// given is empty for HAProxy's "-", which is how it writes a variable that was never set.
func given(text []byte) []byte {
	if len(text) == 1 && text[0] == '-' {
		return nil
	}
	return text
}

func withoutQuery(path []byte) []byte {
	if i := bytes.IndexByte(path, '?'); i >= 0 {
		path = path[:i]
	}
	if i := bytes.IndexByte(path, '#'); i >= 0 {
		path = path[:i]
	}
	return path
}
