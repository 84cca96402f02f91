// Package bcs reads and writes BCS, the encoding of everything that is signed on Sui: https://github.com/diem/bcs.
package bcs

import (
	"encoding/binary"
	"errors"
	"math"
)

// Err is what every Reader's error is.
var Err = errors.New("not canonical BCS of this type")

// Reader reads strictly: canonical lengths, nothing allocated before its bytes are there. After the first error every read
// gives zero values, so that a caller checks once, with End.
type Reader struct {
	rest []byte
	err  error
}

// NewReader reads b, which what is read aliases.
func NewReader(b []byte) *Reader { return &Reader{rest: b} }

// Fail makes every later read, and End, fail.
func (r *Reader) Fail() {
	r.err, r.rest = Err, nil
}

// Take gives the next n bytes.
func (r *Reader) Take(n int) []byte {
	if r.err != nil || n < 0 || n > len(r.rest) {
		r.Fail()
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

// U8 reads one byte.
func (r *Reader) U8() uint8 {
	if b := r.Take(1); b != nil {
		return b[0]
	}
	return 0
}

// Bool reads 0 or 1.
func (r *Reader) Bool() bool {
	b := r.U8()
	if b > 1 {
		r.Fail()
	}
	return b == 1
}

// U16 reads two bytes, little-endian as the others.
func (r *Reader) U16() uint16 {
	if b := r.Take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

// U32 reads four bytes.
func (r *Reader) U32() uint32 {
	if b := r.Take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// U64 reads eight bytes.
func (r *Reader) U64() uint64 {
	if b := r.Take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// ULEB reads a length or a variant. A longer spelling of the same number is an error: it would give one signature several
// texts.
func (r *Reader) ULEB() int {
	var n uint64
	for shift := 0; shift < 35; shift += 7 {
		b := r.U8()
		n |= uint64(b&0x7f) << shift
		if b&0x80 != 0 {
			continue
		}
		if r.err != nil || b == 0 && shift > 0 || n > math.MaxInt32 {
			break
		}
		return int(n)
	}
	r.Fail()
	return 0
}

// Bytes reads a vector<u8> or a string.
func (r *Reader) Bytes() []byte { return r.Take(r.ULEB()) }

// Count reads the length of a vector that may have up to most elements.
func (r *Reader) Count(most int) int {
	n := r.ULEB()
	if n > most {
		r.Fail()
		return 0
	}
	return n
}

// End is the first error, or an error when bytes are left.
func (r *Reader) End() error {
	if r.err == nil && len(r.rest) > 0 {
		r.Fail()
	}
	return r.err
}

// AppendULEB writes a length or a variant.
func AppendULEB(b []byte, n int) []byte { return binary.AppendUvarint(b, uint64(n)) }

// AppendBytes writes a vector<u8> or a string.
func AppendBytes[T []byte | string](b []byte, v T) []byte { return append(AppendULEB(b, len(v)), v...) }

// AppendU16 writes two bytes, little-endian as the others.
func AppendU16(b []byte, v uint16) []byte { return binary.LittleEndian.AppendUint16(b, v) }

// AppendU32 writes four bytes.
func AppendU32(b []byte, v uint32) []byte { return binary.LittleEndian.AppendUint32(b, v) }

// AppendU64 writes eight bytes.
func AppendU64(b []byte, v uint64) []byte { return binary.LittleEndian.AppendUint64(b, v) }
