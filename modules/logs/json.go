package logs

import "bytes"

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

// parseJSON reads one flat JSON object, keys in any order, the path last:
//
//	{"v":1,"id":"d32e60ba-…","t":1795474885834937,"c":"1001","s":"seal","k":"7","m":"GET","st":200,"bo":131,"bi":359,"d":0,
//	"tr":0,"ts":"----","ip":"127.0.0.1","be":"be_seal","sv":"s1","p":"\/v1\/fetch_key"}
func (l *Line) parseJSON(b []byte) error {
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
			var err error
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
