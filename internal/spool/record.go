package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"time"
)

// A record on disk, integers little endian:
//
//	magic 4 | body length 4 | position 8 | appended at, Unix milliseconds 8 | CRC-32C of length to body 4 | body
//
// The position is where the record stands in the whole log, so that a stale or misplaced record is never taken for a good one
// and the next good record after damage can be found.
const (
	headerBytes = 28
	checkedFrom = 4  // the checksum covers the header from here ...
	checkedTo   = 24 // ... to here, and the body
)

// MaxRecordBytes is the longest record that is taken.
const MaxRecordBytes = 16 << 20

var magic = [4]byte{0xf5, 'S', 'P', '1'}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func appendRecord(b []byte, at int64, now time.Time, body []byte) []byte {
	start := len(b)
	b = append(b, magic[:]...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(body)))
	b = binary.LittleEndian.AppendUint64(b, uint64(at))
	b = binary.LittleEndian.AppendUint64(b, uint64(now.UnixMilli()))
	sum := crc32.Update(crc32.Checksum(b[start+checkedFrom:], castagnoli), castagnoli, body)
	b = binary.LittleEndian.AppendUint32(b, sum)
	return append(b, body...)
}

// header is the start of a record whose checksum is not looked at yet.
type header struct {
	length int
	at     int64
	time   time.Time
	sum    uint32
}

var errNotRecord = errors.New("not a record")

// headerOf reads the header of a record that must stand at position at.
func headerOf(b []byte, at int64) (header, error) {
	if len(b) < headerBytes || [4]byte(b) != magic {
		return header{}, errNotRecord
	}
	h := header{
		length: int(binary.LittleEndian.Uint32(b[4:])),
		at:     int64(binary.LittleEndian.Uint64(b[8:])),
		time:   time.UnixMilli(int64(binary.LittleEndian.Uint64(b[16:]))),
		sum:    binary.LittleEndian.Uint32(b[checkedTo:]),
	}
	if h.at != at || h.length > MaxRecordBytes {
		return header{}, errNotRecord
	}
	return h, nil
}

func (h header) holds(head, body []byte) bool {
	return crc32.Update(crc32.Checksum(head[checkedFrom:checkedTo], castagnoli), castagnoli, body) == h.sum
}

// Damage is a stretch of the log that is not what was written. Its bytes are kept in File; reading goes on at To.
type Damage struct {
	From, To int64
	File     string
}

func (d *Damage) Error() string {
	return fmt.Sprintf("spool: %d bytes at %d are damaged, set aside in %s", d.To-d.From, d.From, d.File)
}
