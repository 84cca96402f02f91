package logs

import (
	"bytes"
	"time"
)

// parseHTTPLog reads HAProxy's `option httplog` (configuration manual 8.2.3) with captures that say whose request it is:
//
//	option httplog
//	http-request capture var(txn.customer_id) len 20
//	http-request capture var(txn.service)     len 64
//	http-request capture var(txn.key_id)      len 64     optional
//	http-request capture unique-id            len 36     optional
//
//	127.0.0.1:48120 [24/Nov/2026:10:19:59.107] fe be_seal/s1 0/0/0/2/2 200 132 - - ---- 1/1/0/0/0 0/0 {1001|seal|7|fa2aef73-…} "GET /v1/fetch_key HTTP/1.1"
//
// They must be the first captures of the request. Its time is the start of the request, to which the total time is added.
func (l *Line) parseHTTPLog(b []byte) error {
	l.coarse = true
	w := words{b: b}
	client, ok := w.next()
	if !ok {
		return unknown(b)
	}
	if i := bytes.LastIndexByte(client, ':'); i > 0 {
		l.ClientIP = address(client[:i])
	}
	started, ok := w.next()
	if !ok {
		return unknown(b)
	}
	if len(started) == 0 || started[0] != '[' {
		return UnreadFormat
	}
	var word [10][]byte // frontend, backend/server, timers, status, bytes, two cookies, termination, connections, queues
	for i := range word {
		if word[i], ok = w.next(); !ok {
			return UnreadCut
		}
	}
	backend, server, both := bytes.Cut(word[1], []byte{'/'})
	timers := word[2]
	total := bytes.LastIndexByte(timers, '/')
	if !both || bytes.Count(timers, []byte{'/'}) != 4 {
		return UnreadFormat
	}
	l.Backend, l.Server, l.Termination = backend, server, word[7]
	if err := l.setWord(fieldDuration, timers[total+1:]); err != nil {
		return err
	}
	if err := l.setWord(fieldStatus, word[3]); err != nil {
		return err
	}
	if err := l.setWord(fieldSent, word[4]); err != nil {
		return err
	}
	if len(given(word[5])) > 0 || len(given(word[6])) > 0 {
		return UnreadCookie
	}
	if !terminationState(l.Termination) {
		return UnreadType
	}
	if !l.setStart(started) {
		return UnreadType
	}
	return l.setRequest(b, w.i)
}

// unknown is why a message that ends early is unread: it may be the start of an httplog line.
func unknown(b []byte) error {
	if len(b) > 0 && (b[0]-'0' <= 9 || b[0] == ':' || b[0] == '[') {
		return UnreadCut
	}
	return UnreadFormat
}

// setRequest reads from behind the queues: {captures of the request} {of the answer} "GET /path HTTP/1.1", both captures optional.
func (l *Line) setRequest(b []byte, i int) error {
	for n := 0; i < len(b) && b[i] == '{'; n++ {
		end := bytes.IndexByte(b[i:], '}')
		if end < 0 || i+end+1 >= len(b) {
			return UnreadCut
		}
		if b[i+end+1] != ' ' || n == 2 {
			return UnreadFormat
		}
		if n == 0 {
			l.setCaptures(b[i+1 : i+end])
		}
		i += end + 2
	}
	if i >= len(b) {
		return UnreadCut
	}
	if b[i] != '"' {
		return UnreadFormat
	}
	line := b[i+1:]
	l.Truncated = len(line) == 0 || line[len(line)-1] != '"'
	if !l.Truncated {
		line = line[:len(line)-1]
	}
	method, uri, spaced := bytes.Cut(line, []byte{' '})
	if !spaced && l.Truncated {
		return UnreadCut
	}
	if end := bytes.LastIndex(uri, []byte(" HTTP/")); end >= 0 {
		uri = uri[:end]
	} else if end := bytes.IndexByte(uri, ' '); end >= 0 && l.Truncated { // cut in the version
		uri = uri[:end]
	}
	l.Method, l.Path = methodOf(method), withoutQuery(l.unhashed(uri))
	if string(method) == badRequest {
		l.Path = l.Method
	}
	return nil
}

// setCaptures reads "1001|seal|7|fa2aef73-…": slots that were not captured are empty, later ones may be anything.
func (l *Line) setCaptures(slots []byte) {
	for n := 0; n < 4; n++ {
		slot, rest, more := bytes.Cut(slots, []byte{'|'})
		slots = rest
		slot = given(l.unhashed(slot))
		switch n {
		case 0:
			l.Customer = slot
		case 1:
			l.Service = slot
		case 2:
			l.KeyID = slot
		case 3:
			l.HasID = uuid(slot, &l.ID)
		}
		if !more {
			return
		}
	}
}

var months = []byte("JanFebMarAprMayJunJulAugSepOctNovDec")

// setStart reads "[24/Nov/2026:10:19:59.107]", which is local time of the HAProxy host.
func (l *Line) setStart(word []byte) bool {
	if len(word) != 26 || word[3] != '/' || word[7] != '/' || word[12] != ':' || word[15] != ':' || word[18] != ':' || word[21] != '.' || word[25] != ']' {
		return false
	}
	month := bytes.Index(months, word[4:7])
	if month < 0 || month%3 != 0 {
		return false
	}
	var n [6]int64 // day, year, hour, minute, second, millisecond
	for i, part := range [...][]byte{word[1:3], word[8:12], word[13:15], word[16:18], word[19:21], word[22:25]} {
		var ok bool
		if n[i], ok = integer(part); !ok || part[0]-'0' > 9 {
			return false
		}
	}
	if n[0] < 1 || n[0] > 31 || n[2] > 23 || n[3] > 59 || n[4] > 60 {
		return false
	}
	zone := l.zone
	if zone == nil {
		zone = time.UTC
	}
	at := time.Date(int(n[1]), time.Month(month/3+1), int(n[0]), int(n[2]), int(n[3]), int(n[4]), int(n[5])*1e6, zone).UnixMicro()
	return l.setNumber(fieldTime, at+int64(max(l.DurationMs, 0))*1000)
}
