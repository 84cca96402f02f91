package logs

import "bytes"

// headerBytes is how far into a line its message begins, at most.
const headerBytes = 300

// message gives what follows the syslog header; it is never empty.
func message(raw []byte) ([]byte, error) {
	b := raw
	if len(b) > 0 && b[0] == '<' {
		i := bytes.IndexByte(b[:min(len(b), 5)], '>')
		if i < 2 {
			return nil, UnreadHeader
		}
		for _, c := range b[1:i] {
			if c-'0' > 9 {
				return nil, UnreadHeader
			}
		}
		b = b[i+1:]
		if len(b) > 1 && b[0] == '1' && b[1] == ' ' {
			return message5424(b, 2)
		}
	}
	if begins(b) {
		return b, nil
	}
	return message3164(b)
}

// begins reports whether a message in one of our formats starts here.
func begins(b []byte) bool {
	if len(b) == 0 {
		return false
	}
	if b[0] == '{' || bytes.HasPrefix(b, textStart) {
		return true
	}
	i := bytes.IndexByte(b[:min(len(b), 64)], ' ') // httplog: "127.0.0.1:33313 [06/Feb/…"
	return i > 0 && i+1 < len(b) && b[i+1] == '['
}

// message3164 reads from the time: "Nov 23 22:38:23 edge1 haproxy[855]: ", RFC 3164 section 4.1. Writers of files put an RFC
// 3339 time there, HAProxy may leave the host out, and neither time, host nor tag holds a brace or a colon before a space.
func message3164(b []byte) ([]byte, error) {
	if len(b) < 16 || !isLetters(b[:3]) && b[4] != '-' {
		return nil, UnreadHeader
	}
	head := b[:min(len(b), headerBytes)]
	brace, tag := bytes.IndexByte(head, '{'), bytes.Index(head, []byte(": "))
	switch {
	case brace >= 0 && (tag < 0 || brace < tag):
		return b[brace:], nil
	case tag < 0:
		return nil, UnreadHeader
	}
	b = bytes.TrimLeft(b[tag+2:], " ")
	if len(b) == 0 {
		return nil, UnreadHeader
	}
	return b, nil
}

// message5424 reads from the timestamp: TIMESTAMP HOSTNAME APP-NAME PROCID MSGID SD [BOM] MSG, RFC 5424 section 6.
func message5424(b []byte, i int) ([]byte, error) {
	for range 5 {
		j := bytes.IndexByte(b[i:], ' ')
		if j < 1 {
			return nil, UnreadHeader
		}
		i += j + 1
	}
	if i < len(b) && b[i] == '-' {
		i++
	} else {
		for i < len(b) && b[i] == '[' {
			quoted := false
			for i++; i < len(b) && (quoted || b[i] != ']'); i++ {
				switch b[i] {
				case '"':
					quoted = !quoted
				case '\\':
					i++
				}
			}
			i++
		}
	}
	if i >= len(b) || b[i] != ' ' {
		return nil, UnreadHeader
	}
	msg := bytes.TrimPrefix(b[i+1:], []byte("\xef\xbb\xbf"))
	if len(msg) == 0 {
		return nil, UnreadHeader
	}
	return msg, nil
}

func isLetters(b []byte) bool {
	for _, c := range b {
		if c|0x20 < 'a' || c|0x20 > 'z' {
			return false
		}
	}
	return true
}
