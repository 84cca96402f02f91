package logs

import (
	"bytes"
	"net/netip"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

func space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
		i++
	}
	return i
}

// number reads an integer that something follows: a number at the very end of the line may be cut. For a field nobody asks
// for (any) it steps over fractions and words too.
func number(b []byte, i int, any bool) (n int64, next int, err error) {
	start := i
	negative := b[i] == '-'
	if negative || b[i] == '+' {
		i++
	}
	for ; i < len(b) && b[i]-'0' <= 9; i++ {
		d := int64(b[i] - '0')
		if n > (1<<63-1-d)/10 {
			if !any {
				return 0, 0, UnreadRange
			}
			n = 0
		}
		n = n*10 + d
	}
	digits := i > start && (b[start]-'0' <= 9 || i > start+1)
	if any {
		for ; i < len(b) && (b[i]|0x20 >= 'a' && b[i]|0x20 <= 'z' || b[i]-'0' <= 9 || b[i] == '.' || b[i] == '+' || b[i] == '-'); i++ {
			digits = true
		}
	}
	if i >= len(b) {
		return 0, 0, UnreadCut
	}
	if !digits || b[i] != ',' && b[i] != '}' && space(b, i) == i {
		return 0, 0, UnreadJSON
	}
	if negative {
		n = -n
	}
	return n, i, nil
}

// text reads the string that starts at i and gives the place after its closing quote, or -1 when the line ends first.
func (l *Line) text(b []byte, i int) ([]byte, int) {
	end := bytes.IndexByte(b[i:], '"')
	if end < 0 {
		if bytes.IndexByte(b[i:], '\\') < 0 {
			return b[i:], -1
		}
	} else if bytes.IndexByte(b[i:i+end], '\\') < 0 {
		return b[i : i+end], i + end + 1
	}
	from := len(l.scratch)
	for i < len(b) && b[i] != '"' {
		if b[i] != '\\' {
			run := i + 1
			for run < len(b) && b[run] != '"' && b[run] != '\\' {
				run++
			}
			l.scratch = append(l.scratch, b[i:run]...)
			i = run
			continue
		}
		next := l.escape(b, i+1)
		if next < 0 { // the line ends inside the escape: what came before it stands
			return l.scratch[from:], -1
		}
		i = next
	}
	if i >= len(b) {
		return l.scratch[from:], -1
	}
	return l.scratch[from:], i + 1
}

// escape appends what the escape stands for and gives the place after it, or -1 when the line ends inside it.
func (l *Line) escape(b []byte, i int) int {
	if i >= len(b) {
		return -1
	}
	c := b[i]
	switch c {
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'u':
		r, ok := hex4(b, i+1)
		if !ok {
			if i+5 > len(b) {
				return -1
			}
			l.scratch = utf8.AppendRune(l.scratch, utf8.RuneError)
			return i + 1
		}
		i += 5
		if utf16.IsSurrogate(r) {
			low, ok := rune(0), false
			if i+1 < len(b) && b[i] == '\\' && b[i+1] == 'u' {
				low, ok = hex4(b, i+2)
			}
			if r = utf16.DecodeRune(r, low); ok && r != utf8.RuneError {
				i += 6
			}
		}
		l.scratch = utf8.AppendRune(l.scratch, r)
		return i
	}
	l.scratch = append(l.scratch, c)
	return i + 1
}

func hex4(b []byte, i int) (r rune, ok bool) {
	if i+4 > len(b) {
		return 0, false
	}
	for _, c := range b[i : i+4] {
		h, ok := nibble(c)
		if !ok {
			return 0, false
		}
		r = r<<4 | rune(h)
	}
	return r, true
}

func nibble(c byte) (byte, bool) {
	switch {
	case c-'0' <= 9:
		return c - '0', true
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}

func uuid(text []byte, id *[16]byte) bool {
	if len(text) != 36 {
		return false
	}
	n := 0
	for i := 0; i < 36; i += 2 {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if text[i] != '-' {
				return false
			}
			i++
		}
		high, ok := nibble(text[i])
		low, ok2 := nibble(text[i+1])
		if !ok || !ok2 {
			return false
		}
		id[n] = high<<4 | low
		n++
	}
	return *id != [16]byte{}
}

func address(text []byte) netip.Addr {
	if len(text) < 2 || len(text) > 45 {
		return netip.Addr{}
	}
	for _, c := range text { // netip's errors allocate, and a zone would keep the line
		if _, hex := nibble(c); !hex && c != '.' && c != ':' {
			return netip.Addr{}
		}
	}
	// Without a zone netip keeps nothing of its argument, so the copy that string(text) would make is not needed.
	a, err := netip.ParseAddr(unsafe.String(unsafe.SliceData(text), len(text)))
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap()
}
