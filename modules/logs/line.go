package logs

import (
	"bytes"
	"crypto/sha256"
	"net/netip"
)

// Line is one request as HAProxy logged it. Its byte slices point into the parsed line or into the Line's own memory: they
// are good until the next Parse of the same Line.
//
// The format is one flat JSON object behind a syslog header (RFC 5424, RFC 3164 or none), keys in any order, the path last:
//
//	<134>1 2026-11-23T23:01:25.83+00:00 edge1 haproxy 855 - - {"v":1,"id":"d32e60ba-…","t":1795474885834937,"c":"1001",
//	"s":"seal","k":"7","m":"GET","st":200,"bo":131,"bi":359,"d":0,"tr":0,"ts":"----","ip":"127.0.0.1","be":"be_seal",
//	"sv":"s1","p":"\/v1\/fetch_key"}
//
// deploy/haproxy.cfg writes it; the letters are HAProxy's %ID, %[date(0,us)], %ST, %B, %U, %Ta, %tsc, %ci, %b and %s.
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

	seen    field
	scratch []byte
}

// Unread is why a line could not be read. The text is stored with the line and stays what it is.
type Unread string

func (u Unread) Error() string { return string(u) }

// The reasons.
const (
	UnreadHeader  Unread = "header"   // neither a syslog header nor a JSON object
	UnreadJSON    Unread = "json"     // not one flat JSON object
	UnreadCut     Unread = "cut"      // ends somewhere else than in the path
	UnreadMissing Unread = "missing"  // a field is not there
	UnreadTwice   Unread = "twice"    // a field is there twice: which one is true?
	UnreadType    Unread = "type"     // a string for a number, or the reverse
	UnreadRange   Unread = "range"    // a number no request has
	UnreadVersion Unread = "version"  // "v" is not 1
	UnreadTooLong Unread = "too_long" // longer than maxLineBytes
)

type field uint32

const (
	fieldVersion field = 1 << iota
	fieldID
	fieldTime
	fieldCustomer
	fieldService
	fieldKey
	fieldMethod
	fieldStatus
	fieldSent
	fieldReceived
	fieldDuration
	fieldTermination
	fieldIP
	fieldBackend
	fieldServer
	fieldPath
	fieldOther

	needed = fieldTime | fieldCustomer | fieldService | fieldMethod | fieldStatus | fieldSent | fieldDuration |
		fieldTermination | fieldServer | fieldPath
	// A line that ends in the path may have lost what stood behind it, so there everything must have stood before it.
	neededBeforeCut = needed | fieldID | fieldReceived | fieldIP | fieldBackend
	numbers         = fieldVersion | fieldTime | fieldStatus | fieldSent | fieldReceived | fieldDuration
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
	*l = Line{scratch: l.scratch[:0]}
	b, err := message(raw)
	if err != nil {
		return err
	}
	for i := 1; ; i++ { // at the opening brace, then at each comma
		i = space(b, i)
		if i >= len(b) {
			return UnreadCut
		}
		if b[i] != '"' {
			return UnreadJSON
		}
		end := bytes.IndexByte(b[i+1:], '"')
		if end < 0 {
			return UnreadCut
		}
		key := b[i+1 : i+1+end]
		i = space(b, i+2+end)
		if i >= len(b) {
			return UnreadCut
		}
		if b[i] != ':' || bytes.IndexByte(key, '\\') >= 0 {
			return UnreadJSON
		}
		i = space(b, i+1)
		if i >= len(b) {
			return UnreadCut
		}
		f := fieldOf(key)
		if f != fieldOther && l.seen&f != 0 {
			return UnreadTwice
		}
		l.seen |= f
		if b[i] == '"' {
			var text []byte
			text, i = l.text(b, i+1)
			if i < 0 { // no closing quote
				if f != fieldPath {
					return UnreadCut
				}
				l.Path, l.Truncated = withoutQuery(text), true
				return l.complete()
			}
			if f&numbers != 0 {
				return UnreadType
			}
			l.setText(f, text)
		} else {
			var n int64
			start := i
			n, i, err = number(b, i, f == fieldOther)
			if err != nil {
				return err
			}
			switch {
			case f&numbers != 0:
				if !l.setNumber(f, n) {
					if f == fieldVersion {
						return UnreadVersion
					}
					return UnreadRange
				}
			case f == fieldCustomer:
				l.Customer = b[start:i]
			case f != fieldOther:
				return UnreadType
			}
		}
		i = space(b, i)
		switch {
		case i >= len(b) && f == fieldPath: // whole, only the brace is missing
			l.Truncated = true
			return l.complete()
		case i >= len(b):
			return UnreadCut
		case b[i] == '}':
			if space(b, i+1) != len(b) {
				return UnreadJSON
			}
			return l.complete()
		case b[i] != ',':
			return UnreadJSON
		}
	}
}

func (l *Line) complete() error {
	if l.Truncated && l.seen&neededBeforeCut != neededBeforeCut {
		return UnreadCut
	}
	if l.seen&needed != needed {
		return UnreadMissing
	}
	return nil
}

// RID is the identity of the row: HAProxy's unique-id, or for a request it refused before giving it one, a hash of raw,
// which is the line as it came. A stream has no place that survives a reconnect, so the line stands for itself: it carries
// the microsecond and the process. The hash is marked as a version 8 UUID (RFC 9562).
func (l *Line) RID(raw []byte) [16]byte {
	if l.HasID {
		return l.ID
	}
	return hashed(raw)
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

func fieldOf(key []byte) field {
	switch string(key) {
	case "v":
		return fieldVersion
	case "id":
		return fieldID
	case "t":
		return fieldTime
	case "c":
		return fieldCustomer
	case "s":
		return fieldService
	case "k":
		return fieldKey
	case "m":
		return fieldMethod
	case "st":
		return fieldStatus
	case "bo":
		return fieldSent
	case "bi":
		return fieldReceived
	case "d":
		return fieldDuration
	case "ts":
		return fieldTermination
	case "ip":
		return fieldIP
	case "be":
		return fieldBackend
	case "sv":
		return fieldServer
	case "p":
		return fieldPath
	}
	return fieldOther
}

func (l *Line) setText(f field, text []byte) {
	switch f {
	case fieldID:
		l.HasID = uuid(text, &l.ID)
	case fieldCustomer:
		l.Customer = given(text)
	case fieldService:
		l.Service = given(text)
	case fieldKey:
		l.KeyID = given(text)
	case fieldMethod:
		l.Method = text
	case fieldTermination:
		l.Termination = text
	case fieldIP:
		l.ClientIP = address(text)
	case fieldBackend:
		l.Backend = text
	case fieldServer:
		l.Server = text
	case fieldPath:
		l.Path = withoutQuery(text)
	}
}

func (l *Line) setNumber(f field, n int64) bool {
	switch f {
	case fieldVersion:
		return n == 1
	case fieldTime:
		l.AtMicros = n
		return n > 0 && n < latestMicros
	case fieldStatus:
		l.Status = int16(n)
		return n >= -1 && n <= 999
	case fieldSent:
		l.BytesSent = n
		return n >= 0 && n <= mostBytes
	case fieldReceived:
		l.BytesReceived = n
		return n >= 0 && n <= mostBytes
	case fieldDuration:
		l.DurationMs = int32(n)
		return n >= -1 && n <= 1<<31-1
	}
	return false
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
