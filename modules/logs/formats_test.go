package logs

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// hashedBy writes text as HAProxy logs it: control characters, bytes from 127 on and those in more as # and two hex digits.
func hashedBy(text []byte, more string) string {
	var b strings.Builder
	for _, c := range text {
		if c < 32 || c >= 127 || strings.IndexByte(more, c) >= 0 {
			fmt.Fprintf(&b, "#%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// Whatever a client sends as a captured value or a path, it is that value and that path and nothing else.
func FuzzHTTPLog(f *testing.F) {
	f.Add([]byte("1001"), []byte("seal"), []byte("/v1/x?y#z"))
	f.Add([]byte(`1|2} "GET / HTTP/1.1`), []byte("{9999|seal}"), []byte(`/" - ---- 1/1/1/1/1 0/0 {9999|seal} "GET /`))
	f.Fuzz(func(t *testing.T, customer, service, uri []byte) {
		raw := fmt.Sprintf(`<134>1 2026-11-24T10:19:59.110242+00:00 edge1 haproxy 9210 - - 10.1.2.3:48120 [24/Nov/2026:10:19:59.107] fe be/s1 0/0/0/2/2 200 132 - - ---- 1/1/0/0/0 0/0 {%s|%s||} "GET %s HTTP/1.1"`,
			hashedBy(customer, `"#{|}`), hashedBy(service, `"#{|}`), hashedBy(uri, `"#`))
		var l Line
		if err := l.Parse([]byte(raw)); err != nil {
			t.Fatalf("%v: %q", err, raw)
		}
		if !bytes.Equal(l.Customer, given(customer)) || !bytes.Equal(l.Service, given(service)) || l.Status != 200 || l.BytesSent != 132 || string(l.Method) != "GET" {
			t.Fatalf("%s from %q", shown(&l), raw)
		}
		if !bytes.Contains(uri, []byte(" ")) && !bytes.Equal(l.Path, withoutQuery(uri)) {
			t.Fatalf("path %q of %q", l.Path, raw)
		}
	})
}

// Whatever a client asks for, it is the path and nothing else.
func FuzzText(f *testing.F) {
	f.Add([]byte("/v1/x?y#z"), int64(131))
	f.Add([]byte("/ sft/1 - 1 9999 seal"), int64(0))
	f.Fuzz(func(t *testing.T, uri []byte, sent int64) {
		if sent < 0 || sent > mostBytes {
			return
		}
		raw := fmt.Sprintf(`sft/1 57c2504e-530a-45c3-88d8-52bc8593449e 1795515597071255 1001 seal 7 200 +%d 57 -1 ---- ::1 be s1 GET %s`, sent, hashedBy(uri, `"#`))
		var l Line
		if err := l.Parse([]byte(raw)); err != nil {
			t.Fatalf("%v: %q", err, raw)
		}
		if string(l.Customer) != "1001" || string(l.Service) != "seal" || l.BytesSent != sent || l.DurationMs != -1 || !bytes.Equal(l.Path, withoutQuery(uri)) {
			t.Fatalf("%s from %q", shown(&l), raw)
		}
	})
}
