package logs

import (
	"context"
	"net/netip"
	"strconv"
	"time"
	"unicode/utf8"

	"suiftly/internal/customer"
	"suiftly/internal/pg"
	"suiftly/internal/spool"
)

// maxLineBytes is the longest line that is read; HAProxy's own limit is its `len`.
const maxLineBytes = 64 << 10

// Bounds of what is kept of one field. What HAProxy itself writes is far shorter; the path has no bound but the line.
const (
	maxServiceBytes = 64
	maxKeyIDBytes   = 64
	maxNameBytes    = 128
	maxMethodBytes  = 32
	maxRejectBytes  = 8 << 10
)

// batch is some lines of one source, read and encoded, on their way to one transaction. (source, position) is its
// identity: written twice, it is there once.
type batch struct {
	source   string
	position int64 // number of its first line in the source
	lines    int
	began    time.Time
	rows     []row
	text     []byte // the rows' columns from timestamp on, in COPY's text format, one after the other
	rejects  []reject
	also     func(context.Context, pg.Q) error // done in the same transaction; nil when nothing is

	second int64  // the second that stamp holds
	stamp  []byte // "2026-11-23 23:01:25."
}

// row is a line that could be read. Who it belongs to is decided when it is written.
type row struct {
	atMillis int64
	customer customer.ID // 0 when the line names none
	claimed  string      // what it names instead of a number
	service  bool        // names a service
	from, to int         // its part of batch.text
}

// reject is a line that could not be read.
type reject struct {
	rid    [16]byte
	number int // its place in the batch, from 1
	reason string
	line   string
	intact bool // line is the start of what came, byte for byte
}

func (b *batch) reset(source string, position int64, began time.Time) {
	*b = batch{source: source, position: position, began: began, rows: b.rows[:0], text: b.text[:0], rejects: b.rejects[:0], stamp: b.stamp}
}

// add takes one line, without its end of line. copy is how many lines like it came before in its source.
func (b *batch) add(raw []byte, copy int, tooLong bool, l *Line, s settings) {
	b.lines++
	if tooLong {
		b.reject(raw, UnreadTooLong.Error())
		return
	}
	l.zone = s.zone
	if err := l.Parse(raw); err != nil {
		b.reject(raw, err.Error())
		return
	}
	b.row(l, l.RID(raw, copy), s)
}

// row takes a line that was read.
func (b *batch) row(l *Line, rid [16]byte, s settings) {
	if service := s.backends[string(l.Backend)]; len(l.Service) == 0 && service != "" {
		l.Service = []byte(service)
	}
	r := row{atMillis: l.AtMicros / 1000, from: len(b.text), service: serviceName(l.Service)}
	r.customer, r.claimed = customerOf(l.Customer)
	b.encode(l, r, rid, s)
	r.to = len(b.text)
	b.rows = append(b.rows, r)
}

// reject keeps a line that nothing can be made of, up to its query string, which may hold secrets.
func (b *batch) reject(raw []byte, reason string) {
	rid := hashed(raw)
	raw = withoutQuery(raw)
	line := string(appendText(nil, raw, maxRejectBytes, false))
	b.rejects = append(b.rejects, reject{rid: rid, number: b.lines, reason: reason, line: line, intact: line == string(raw[:min(len(raw), maxRejectBytes)])})
}

// lost takes note of lines that the disk did not keep.
func (b *batch) lost(d *spool.Damage) {
	b.lines++
	b.reject([]byte(d.Error()), "damaged")
}

// customerOf reads a customer id as we write it: digits without a leading zero. Anything else is a claim of nobody.
func customerOf(text []byte) (customer.ID, string) {
	var id int64
	for i, c := range text {
		if c-'0' > 9 || i == 0 && c == '0' || i == 18 {
			return 0, string(appendText(nil, text, maxNameBytes, false))
		}
		id = id*10 + int64(c-'0')
	}
	return customer.ID(id), ""
}

func serviceName(text []byte) bool {
	for _, c := range text {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return len(text) > 0 && len(text) <= maxServiceBytes
}

// rowColumns are the columns encode writes, in its order.
const rowColumns = "timestamp, rid, status, billable, reached, bytes_sent, bytes_received, duration_ms, client_ip, service, key_id, method, path, backend, server, termination"

func (b *batch) encode(l *Line, r row, rid [16]byte, s settings) {
	t := b.appendTime(b.text, r.atMillis)
	t = append(t, '\t')
	t = appendUUID(t, rid)
	t = append(t, '\t')
	t = strconv.AppendInt(t, int64(l.Status), 10)
	t = appendBool(t, int(l.Status) >= s.billableFrom && int(l.Status) <= s.billableTo)
	t = appendBool(t, l.Reached())
	t = append(t, '\t')
	t = strconv.AppendInt(t, l.BytesSent, 10)
	t = append(t, '\t')
	t = strconv.AppendInt(t, l.BytesReceived, 10)
	t = append(t, '\t')
	t = strconv.AppendInt(t, int64(l.DurationMs), 10)
	t = append(t, '\t')
	if ip := s.shown(l.ClientIP); ip.IsValid() {
		t = ip.AppendTo(t)
	} else {
		t = append(t, `\N`...)
	}
	t = append(t, '\t')
	if r.service {
		t = append(t, l.Service...)
	}
	t = append(t, '\t')
	t = appendText(t, l.KeyID, maxKeyIDBytes, true)
	t = append(t, '\t')
	t = appendText(t, l.Method, maxMethodBytes, true)
	t = append(t, '\t')
	t = appendText(t, l.Path, maxLineBytes, true)
	t = append(t, '\t')
	t = appendText(t, l.Backend, maxNameBytes, true)
	t = append(t, '\t')
	t = appendText(t, l.Server, maxNameBytes, true)
	t = append(t, '\t')
	t = appendText(t, l.Termination, 8, true)
	b.text = append(t, '\n')
}

// appendTime writes "2026-11-23 23:01:25.834Z". The lines of a batch share their second, so it is formatted once.
func (b *batch) appendTime(t []byte, millis int64) []byte {
	second, ms := millis/1000, millis%1000
	if b.second != second || len(b.stamp) == 0 {
		b.second = second
		b.stamp = time.Unix(second, 0).UTC().AppendFormat(b.stamp[:0], "2006-01-02 15:04:05.")
	}
	t = append(t, b.stamp...)
	return append(t, byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10), 'Z')
}

func appendBool(t []byte, is bool) []byte {
	if is {
		return append(t, '\t', 't')
	}
	return append(t, '\t', 'f')
}

func appendUUID(t []byte, id [16]byte) []byte {
	const digits = "0123456789abcdef"
	for i, c := range id {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			t = append(t, '-')
		}
		t = append(t, digits[c>>4], digits[c&15])
	}
	return t
}

// appendText writes at most most bytes of what a client sent as text Postgres takes: valid UTF-8 without NUL, and for COPY
// (Postgres manual, COPY, "Text Format") with its escapes.
func appendText(t, text []byte, most int, escaped bool) []byte {
	if len(text) > most {
		text = text[:most]
	}
	start := 0
	for i := 0; i < len(text); {
		c := text[i]
		if c >= utf8.RuneSelf {
			if _, size := utf8.DecodeRune(text[i:]); size > 1 {
				i += size
				continue
			}
			t = append(t, text[start:i]...)
			t = append(t, "\ufffd"...)
			i++
			start = i
			continue
		}
		var as byte
		switch {
		case c == 0: // Postgres has no NUL in text
		case c >= ' ' && c != '\\', !escaped:
			i++
			continue
		case c == '\\':
			as = '\\'
		case c == '\n':
			as = 'n'
		case c == '\r':
			as = 'r'
		case c == '\t':
			as = 't'
		default:
			i++
			continue
		}
		t = append(t, text[start:i]...)
		if as != 0 {
			t = append(t, '\\', as)
		}
		i++
		start = i
	}
	return append(t, text[start:]...)
}

// settings are what of the configuration decides a row.
type settings struct {
	billableFrom, billableTo int
	clientIP                 string
	zone                     *time.Location
	backends                 map[string]string // the service of a backend, for lines that name none
}

// shown is the client address as it may be kept: whole, without its host part, or not at all.
func (s settings) shown(ip netip.Addr) netip.Addr {
	if !ip.IsValid() || s.clientIP == clientIPFull {
		return ip
	}
	if s.clientIP == clientIPNone {
		return netip.Addr{}
	}
	bits := 24
	if ip.Is6() {
		bits = 48
	}
	p, err := ip.Prefix(bits)
	if err != nil {
		return netip.Addr{}
	}
	return p.Addr()
}
