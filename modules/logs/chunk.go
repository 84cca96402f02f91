package logs

import (
	"encoding/binary"
	"errors"
	"hash/maphash"
)

// A chunk is what the spool keeps as one record: some whole lines of one batch. A batch is cut into chunks so that a line is
// on disk as soon as it is read, and its lines are fixed before any is committed, so that a batch read again is the same batch.
//
//	flags 1 | first: length and text of the source; else: position of the batch's first chunk | lines
//	line: length and whether it was too long | how many lines like it came before | text
type chunk struct {
	first, last bool
	source      string // of a first chunk
	batch       int64  // of the others: the position of the first
	lines       []byte
}

const (
	chunkFirst = 1 << iota
	chunkLast
)

var errBadChunk = errors.New("not a chunk of log lines")

func (c chunk) append(b []byte) []byte {
	flags := byte(0)
	if c.first {
		flags |= chunkFirst
	}
	if c.last {
		flags |= chunkLast
	}
	b = append(b, flags)
	if c.first {
		b = binary.AppendUvarint(b, uint64(len(c.source)))
		b = append(b, c.source...)
	} else {
		b = binary.AppendUvarint(b, uint64(c.batch))
	}
	return append(b, c.lines...)
}

func chunkOf(record []byte) (c chunk, err error) {
	if len(record) == 0 || record[0] > chunkFirst|chunkLast {
		return c, errBadChunk
	}
	c.first, c.last = record[0]&chunkFirst != 0, record[0]&chunkLast != 0
	n, size := binary.Uvarint(record[1:])
	if size <= 0 || c.first && n > uint64(len(record)-1-size) {
		return c, errBadChunk
	}
	c.lines = record[1+size:]
	if c.first {
		c.source, c.lines = string(c.lines[:n]), c.lines[n:]
	} else {
		c.batch = int64(n)
	}
	return c, nil
}

func appendLine(b, line []byte, copy int, tooLong bool) []byte {
	n := uint64(len(line)) << 1
	if tooLong {
		n |= 1
	}
	b = binary.AppendUvarint(b, n)
	b = binary.AppendUvarint(b, uint64(copy))
	return append(b, line...)
}

// cutLine gives the first line of a chunk and what follows it.
func cutLine(b []byte) (line []byte, copy int, tooLong bool, rest []byte, err error) {
	n, size := binary.Uvarint(b)
	nth, size2 := binary.Uvarint(b[max(size, 0):])
	start := size + size2
	if size <= 0 || size2 <= 0 || n>>1 > uint64(len(b)-start) {
		return nil, 0, false, nil, errBadChunk
	}
	end := start + int(n>>1)
	return b[start:end], int(nth), n&1 != 0, b[end:], nil
}

// How many different lines are remembered, at least. Two that are alike carry the same millisecond: in a stream they are near
// each other, in a shuffled file they may be anywhere.
const (
	copiesOfStream = 1 << 14
	copiesOfImport = 1 << 20
)

// copies counts lines that are alike, of formats whose lines may be. Lines of the others are always 0.
type copies struct {
	kept        int
	seed        maphash.Seed
	now, before map[uint64]int
}

// of gives how many lines like this one came before it.
func (c *copies) of(line []byte) int {
	b, err := message(line)
	if err != nil || !coarse(b) {
		return 0
	}
	if c.now == nil {
		c.seed, c.now = maphash.MakeSeed(), map[uint64]int{}
	}
	h := maphash.Bytes(c.seed, line)
	n, known := c.now[h]
	if !known {
		n = c.before[h]
		if len(c.now) >= max(c.kept, copiesOfStream) {
			c.now, c.before = map[uint64]int{}, c.now
		}
	}
	c.now[h] = n + 1
	return n
}
