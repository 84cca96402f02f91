package logs

import "bytes"

// textStart begins every line of our text format, of any version.
var textStart = []byte("sft/")

const textVersion = "sft/1 "

// The words of version 1 after its name, before the path.
const (
	textID = iota
	textTime
	textCustomer
	textService
	textKey
	textStatus
	textSent
	textReceived
	textDuration
	textTermination
	textIP
	textBackend
	textServer
	textMethod
	textWords
)

// parseText reads what this log-format writes, one word a field and the path last:
//
//	log-format "sft/1 %ID %[date(0,us)] %[var(txn.customer_id)] %[var(txn.service)] %[var(txn.key_id)] %ST %B %U %Ta %tsc %ci %b %s %HM %HU"
//
//	sft/1 57c2504e-530a-… 1795515597071255 1001 seal 7 200 132 57 2 ---- 127.0.0.1 be_seal s1 GET /v1/fetch_key
//
// A space inside a field moves what follows it by a word, and then the termination state or a number is none.
func (l *Line) parseText(b []byte) error {
	if !bytes.HasPrefix(b, []byte(textVersion)) {
		if bytes.IndexByte(b, ' ') < 0 {
			return UnreadCut
		}
		return UnreadVersion
	}
	w := words{b, len(textVersion)}
	var word [textWords][]byte
	for i := range word {
		var whole bool
		if word[i], whole = w.next(); !whole {
			return UnreadCut
		}
	}
	l.HasID = uuid(word[textID], &l.ID)
	l.Customer, l.Service, l.KeyID = given(word[textCustomer]), given(word[textService]), given(word[textKey])
	l.Termination, l.ClientIP = word[textTermination], address(word[textIP])
	l.Backend, l.Server, l.Method = word[textBackend], word[textServer], methodOf(word[textMethod])
	for _, f := range [...]struct {
		field field
		word  []byte
	}{
		{fieldTime, word[textTime]}, {fieldStatus, word[textStatus]}, {fieldSent, word[textSent]},
		{fieldReceived, word[textReceived]}, {fieldDuration, word[textDuration]},
	} {
		if err := l.setWord(f.field, f.word); err != nil {
			return err
		}
	}
	if !terminationState(l.Termination) || len(l.Backend) == 0 || len(l.Server) == 0 || len(l.Method) == 0 {
		return UnreadType
	}
	uri := b[w.i:]
	l.Truncated = len(uri) == 0
	if l.Path = l.Method; string(word[textMethod]) != badRequest {
		l.Path = withoutQuery(l.unhashed(uri))
	}
	return nil
}

// words takes a line apart at its spaces.
type words struct {
	b []byte
	i int
}

// next gives the next word; whole is false when no space follows it, because then the line may be cut inside it.
func (w *words) next() (word []byte, whole bool) {
	end := bytes.IndexByte(w.b[w.i:], ' ')
	if end < 0 {
		return nil, false
	}
	word = w.b[w.i : w.i+end]
	w.i += end + 1
	return word, true
}

func (l *Line) setWord(f field, word []byte) error {
	n, ok := integer(word)
	if !ok {
		return UnreadType
	}
	if !l.setNumber(f, n) || f == fieldStatus && n >= 0 && n < 100 {
		return UnreadRange
	}
	return nil
}

// integer reads a whole number, with the sign of an unmeasured timer (-1) or of `option logasap` (+131).
func integer(word []byte) (n int64, ok bool) {
	digits := word
	if len(word) > 0 && (word[0] == '-' || word[0] == '+') {
		digits = word[1:]
	}
	if len(digits) == 0 || len(digits) > 18 {
		return 0, false
	}
	for _, c := range digits {
		if c-'0' > 9 {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if word[0] == '-' {
		n = -n
	}
	return n, true
}

// terminationState reports whether it is one: four letters or dashes with cookies, two without.
func terminationState(word []byte) bool {
	if len(word) != 4 && len(word) != 2 {
		return false
	}
	for _, c := range word {
		if c != '-' && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return true
}

// badRequest is HAProxy's mark of a request that it could not read.
const badRequest = "<BADREQ>"

var noMethod = []byte{'-'}

// methodOf is "-" where there is none, as in JSON.
func methodOf(word []byte) []byte {
	if string(word) == badRequest {
		return noMethod
	}
	return word
}

// unhashed gives a logged text as it was: HAProxy writes control characters, bytes from 127 on, quotes, hashes and in headers
// braces and pipes as # and two hex digits.
func (l *Line) unhashed(text []byte) []byte {
	i := bytes.IndexByte(text, '#')
	if i < 0 {
		return text
	}
	from := len(l.scratch)
	l.scratch = append(l.scratch, text[:i]...)
	for ; i < len(text); i++ {
		if text[i] == '#' && i+2 < len(text) {
			high, ok := nibble(text[i+1])
			low, ok2 := nibble(text[i+2])
			if ok && ok2 {
				l.scratch = append(l.scratch, high<<4|low)
				i += 2
				continue
			}
		}
		l.scratch = append(l.scratch, text[i])
	}
	return l.scratch[from:]
}
