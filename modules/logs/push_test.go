package logs

import (
	"bytes"
	"compress/gzip"
	"errors"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func TestDecoded(t *testing.T) {
	t.Parallel()
	text := bytes.Repeat([]byte("a line\n"), 1000)
	zip := func(b []byte) []byte {
		var out bytes.Buffer
		w := gzip.NewWriter(&out)
		w.Write(b)
		w.Close()
		return out.Bytes()
	}
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	std := func(b []byte) []byte { return encoder.EncodeAll(b, nil) }
	big := bytes.Repeat([]byte("0123456789abcde\n"), maxPushBytes/16+1)
	for _, c := range []struct {
		name, encoding string
		body           []byte
		want           error
	}{
		{"plain", "", text, nil},
		{"gzip", "gzip", zip(text), nil},
		{"zstd", "zstd", std(text), nil},
		{"a gzip bomb", "gzip", zip(big), ErrPushTooLong},
		{"a zstd bomb", "zstd", std(big), ErrPushTooLong},
		{"cut gzip", "gzip", zip(text)[:20], ErrBadEncoding},
		{"cut zstd", "zstd", std(text)[:20], ErrBadEncoding},
		{"not gzip", "gzip", text, ErrBadEncoding},
		{"not zstd", "zstd", text, ErrBadEncoding},
		{"brotli", "br", text, ErrBadEncoding},
	} {
		got, err := decoded(c.encoding, c.body)
		if !errors.Is(err, c.want) || err == nil && !bytes.Equal(got, text) {
			t.Errorf("%s: %d bytes, %v", c.name, len(got), err)
		}
	}
}

func TestPushedLines(t *testing.T) {
	t.Parallel()
	r := setup(t)
	b := r.batchOf("edge/fra-1/haproxy", 7, []byte("a\r\n\n\nb\n"+strings.Repeat("c", maxLineBytes+1)+"\nd"))
	if b.lines != 4 || len(b.rejects) != 4 || b.rejects[2].reason != "too_long" || b.source != "edge/fra-1/haproxy" || b.position != 7 {
		t.Errorf("%d lines, %d rejects of %s", b.lines, len(b.rejects), b.source)
	}
}
