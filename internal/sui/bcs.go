package sui

import (
	"encoding/binary"
	"errors"
	"math"
)

var errBCS = errors.New("not canonical BCS of this scheme")

// bcs reads BCS strictly: canonical lengths, nothing allocated before its bytes are there. After the first error every
// read gives zero values, so that a reader checks once, with end.
type bcs struct {
	rest []byte
	err  error
}

func (r *bcs) fail() {
	r.err, r.rest = errBCS, nil
}

// take gives the next n bytes; they alias the input.
func (r *bcs) take(n int) []byte {
	if r.err != nil || n < 0 || n > len(r.rest) {
		r.fail()
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

func (r *bcs) u8() uint8 {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *bcs) u16() uint16 {
	if b := r.take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (r *bcs) u64() uint64 {
	if b := r.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// uleb reads a length or a variant. A longer spelling of the same number is an error: it would give one signature
// several texts.
func (r *bcs) uleb() int {
	var n uint64
	for shift := 0; shift < 35; shift += 7 {
		b := r.u8()
		n |= uint64(b&0x7f) << shift
		if b&0x80 != 0 {
			continue
		}
		if r.err != nil || b == 0 && shift > 0 || n > math.MaxInt32 {
			break
		}
		return int(n)
	}
	r.fail()
	return 0
}

// bytes reads a vector<u8> or a string.
func (r *bcs) bytes() []byte { return r.take(r.uleb()) }

// count reads the length of a vector that may have up to most elements.
func (r *bcs) count(most int) int {
	n := r.uleb()
	if n > most {
		r.fail()
		return 0
	}
	return n
}

// end is the first error, or an error when bytes are left.
func (r *bcs) end() error {
	if r.err == nil && len(r.rest) > 0 {
		r.fail()
	}
	return r.err
}
