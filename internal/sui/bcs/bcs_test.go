package bcs

import (
	"bytes"
	"encoding/binary"
	"testing"
)

func TestULEB(t *testing.T) {
	for _, n := range []int{0, 1, 127, 128, 300, 16383, 16384, 1<<21 - 1, 1 << 21, 1<<31 - 1} {
		b := AppendULEB(nil, n)
		if want := binary.AppendUvarint(nil, uint64(n)); !bytes.Equal(b, want) {
			t.Errorf("%d is written %x, not %x", n, b, want)
		}
		r := NewReader(b)
		if got := r.ULEB(); got != n || r.End() != nil {
			t.Errorf("%x reads %d, %v", b, got, r.err)
		}
	}
	for name, b := range map[string][]byte{
		"a number with a spare zero": {0x82, 0}, "zero in two bytes": {0x80, 0}, "above 31 bits": {0xff, 0xff, 0xff, 0xff, 0x0f},
		"six bytes": {0x80, 0x80, 0x80, 0x80, 0x80, 1}, "no last byte": {0x80}, "nothing": {},
	} {
		r := NewReader(b)
		if n := r.ULEB(); n != 0 || r.End() == nil {
			t.Errorf("%s reads %d", name, n)
		}
	}
}
