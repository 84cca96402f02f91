package logs

import "bytes"

// frames takes a syslog stream apart (RFC 6587): "<length> <message>" one after the other, or messages ended by a newline.
// The first bytes of the stream say which; HAProxy's `log-proto` chooses.
//
//	room -> read into it -> grew -> next, next, ... until there is no whole frame -> room
type frames struct {
	buf        []byte
	start, end int
	counted    bool // octet counting
	decided    bool
	skip       int  // bytes of a frame that is too long
	skipLine   bool // up to the next newline: the same
	broken     bool // not a length where one must be: nothing after it can be trusted
}

func newFrames() *frames { return &frames{buf: make([]byte, 2*maxLineBytes)} }

// room is where to read into; it is never empty.
func (f *frames) room() []byte {
	if f.start > 0 {
		f.end = copy(f.buf, f.buf[f.start:f.end])
		f.start = 0
	}
	return f.buf[f.end:]
}

// grew says that n bytes were read into room.
func (f *frames) grew(n int) { f.end += n }

// next gives the next whole frame, good until room is called. A frame that is too long comes as what was read of its start
// with tooLong set; the rest of it is stepped over.
func (f *frames) next() (line []byte, tooLong, ok bool) {
	for {
		b := f.buf[f.start:f.end]
		switch {
		case f.skip > 0:
			n := min(f.skip, len(b))
			f.skip -= n
			f.start += n
			if f.skip > 0 {
				return nil, false, false
			}
			continue
		case f.skipLine:
			i := bytes.IndexByte(b, '\n')
			if i < 0 {
				f.start = f.end
				return nil, false, false
			}
			f.start += i + 1
			f.skipLine = false
			continue
		}
		for len(b) > 0 && (b[0] == '\n' || b[0] == '\r' || b[0] == 0 || b[0] == ' ') { // between frames some senders put one
			b = b[1:]
			f.start++
		}
		if len(b) == 0 || f.broken {
			return nil, false, false
		}
		if !f.decided {
			digits := 0
			for digits < len(b) && digits < 8 && b[digits]-'0' <= 9 {
				digits++
			}
			if digits == len(b) && digits < 8 {
				return nil, false, false
			}
			// A line without a header may begin with an address.
			f.decided, f.counted = true, digits == 8 || digits > 0 && b[digits] == ' '
		}
		if f.counted {
			return f.nextCounted(b)
		}
		i := bytes.IndexByte(b[:min(len(b), maxLineBytes+1)], '\n')
		switch {
		case i >= 0:
			f.start += i + 1
			return trimEnd(b[:i]), false, true
		case len(b) > maxLineBytes:
			f.start += maxLineBytes
			f.skipLine = true
			return b[:maxLineBytes], true, true
		}
		return nil, false, false
	}
}

func (f *frames) nextCounted(b []byte) (line []byte, tooLong, ok bool) {
	n, i := 0, 0
	for ; i < len(b) && b[i]-'0' <= 9 && i < 8; i++ {
		n = n*10 + int(b[i]-'0')
	}
	if i == len(b) && i < 8 {
		return nil, false, false
	}
	if n == 0 || i == 8 || b[i] != ' ' {
		f.broken = true
		return nil, false, false
	}
	b = b[i+1:]
	switch {
	case n > maxLineBytes:
		f.start += i + 1
		f.skip = n
		return b[:min(len(b), n)], true, true
	case len(b) < n:
		return nil, false, false
	}
	f.start += i + 1 + n
	return trimEnd(b[:n]), false, true
}

// rest is what is left of a frame that the stream's end cut.
func (f *frames) rest() []byte {
	b := f.buf[f.start:f.end]
	if f.skip > 0 || f.skipLine {
		return nil
	}
	if f.counted && !f.broken {
		_, b, _ = bytes.Cut(b, []byte{' '})
	}
	return trimEnd(b)
}

func trimEnd(b []byte) []byte {
	for len(b) > 0 && (b[len(b)-1] == '\n' || b[len(b)-1] == '\r' || b[len(b)-1] == 0) {
		b = b[:len(b)-1]
	}
	return b
}
