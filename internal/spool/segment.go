package spool

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	segmentSuffix = ".seg"
	asideDir      = "aside"
	damageSuffix  = ".damaged"
	tornSuffix    = ".torn"
)

// segment is one file of records; its name is the position of its first.
type segment struct {
	file *os.File
	base int64
	size int64
}

func newSegment(dir string, base int64) (*segment, error) {
	file, err := os.OpenFile(filepath.Join(dir, fmt.Sprintf("%020d%s", base, segmentSuffix)), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syncDir(dir); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &segment{file: file, base: base}, nil
}

func openSegments(dir string) (found []*segment, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), segmentSuffix)
		base, notNumber := strconv.ParseInt(name, 10, 64)
		if !ok || notNumber != nil || base < 0 {
			continue
		}
		file, err := os.OpenFile(filepath.Join(dir, e.Name()), os.O_RDWR, 0)
		if err != nil {
			return found, err
		}
		seg := &segment{file: file, base: base}
		found = append(found, seg)
		at, err := file.Seek(0, io.SeekEnd)
		if err != nil {
			return found, err
		}
		seg.size = at
	}
	slices.SortFunc(found, func(a, b *segment) int { return cmp.Compare(a.base, b.base) })
	return found, nil
}

func (seg segment) end() int64 { return seg.base + seg.size }

// read gives the record at a position, or errNotRecord.
func (seg segment) read(at int64, buf []byte) ([]byte, error) {
	var head [headerBytes]byte
	if n, err := seg.file.ReadAt(head[:], at-seg.base); n < headerBytes {
		if errors.Is(err, io.EOF) {
			return nil, errNotRecord
		}
		return nil, err
	}
	h, err := headerOf(head[:], at)
	if err != nil || at+headerBytes+int64(h.length) > seg.end() {
		return nil, errNotRecord
	}
	buf = slices.Grow(buf[:0], h.length)[:h.length]
	if n, err := seg.file.ReadAt(buf, at-seg.base+headerBytes); n < h.length {
		if errors.Is(err, io.EOF) {
			return nil, errNotRecord
		}
		return nil, err
	}
	if !h.holds(head[:], buf) {
		return nil, errNotRecord
	}
	return buf, nil
}

// timeAt is when the record at a position was appended; zero when none can be read there.
func (seg segment) timeAt(at int64) time.Time {
	var head [headerBytes]byte
	if _, err := seg.file.ReadAt(head[:], at-seg.base); err != nil {
		return time.Time{}
	}
	h, err := headerOf(head[:], at)
	if err != nil {
		return time.Time{}
	}
	return h.time
}

// nextRecord gives the first position from at on where a good record stands, or to.
func (seg segment) nextRecord(at, to int64) (int64, error) {
	window := make([]byte, 64<<10)
	var record []byte
	for at < to {
		n, err := seg.file.ReadAt(window[:min(int64(len(window)), to-at)], at-seg.base)
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		if n < len(magic) {
			break
		}
		i := bytes.Index(window[:n], magic[:])
		if i < 0 {
			at += int64(n - len(magic) + 1)
			continue
		}
		at += int64(i)
		if record, err = seg.read(at, record); err == nil {
			return at, nil
		}
		if !errors.Is(err, errNotRecord) {
			return 0, err
		}
		at++
	}
	return to, nil
}

// wholeTo gives where the last good record ends.
func (seg segment) wholeTo() (int64, error) {
	at := seg.base
	var record []byte
	for at < seg.end() {
		var err error
		record, err = seg.read(at, record)
		if err == nil {
			at += headerBytes + int64(len(record))
			continue
		}
		if !errors.Is(err, errNotRecord) {
			return 0, err
		}
		next, err := seg.nextRecord(at+1, seg.end())
		if err != nil {
			return 0, err
		}
		if next == seg.end() {
			break
		}
		at = next // damage in the middle is found again when it is read
	}
	return at, nil
}

func (seg *segment) truncate(end int64) error {
	if err := seg.file.Truncate(end - seg.base); err != nil {
		return err
	}
	seg.size = end - seg.base
	return nil
}

func (seg *segment) remove() error {
	return errors.Join(os.Remove(seg.file.Name()), seg.file.Close())
}

// setAside copies a stretch, as much of it as the segment holds, to a file of its own and gives its name. Doing it twice is
// doing it once.
func (s *Spool) setAside(seg segment, from, to int64, suffix string) (string, error) {
	file := filepath.Join(s.dir, asideDir, fmt.Sprintf("%020d-%d%s", from, to-from, suffix))
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	stretch := make([]byte, max(min(to, seg.end())-from, 0))
	if n, err := seg.file.ReadAt(stretch, from-seg.base); err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("%d of %d bytes: %w", n, len(stretch), err)
	}
	return file, replaceFile(file, stretch)
}

func countAside(dir string) (damaged, torn int, err error) {
	entries, err := os.ReadDir(filepath.Join(dir, asideDir))
	for _, e := range entries {
		switch filepath.Ext(e.Name()) {
		case damageSuffix:
			damaged++
		case tornSuffix:
			torn++
		}
	}
	return damaged, torn, err
}

// The cursor's file: the position and its checksum.
const cursorBytes = 12

func readCursor(f *os.File) int64 {
	var b [cursorBytes]byte
	if n, _ := f.ReadAt(b[:], 0); n < cursorBytes || crc32.Checksum(b[:8], castagnoli) != binary.LittleEndian.Uint32(b[8:]) {
		return 0
	}
	return int64(binary.LittleEndian.Uint64(b[:]))
}

func writeCursor(f *os.File, at int64) error {
	b := binary.LittleEndian.AppendUint64(nil, uint64(at))
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	_, err := f.WriteAt(b, 0)
	return err
}

// replaceFile has the file hold exactly text, or leaves it as it was.
func replaceFile(file string, text []byte) (err error) {
	part := file + ".part"
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(part, file); err != nil {
		return err
	}
	return syncDir(filepath.Dir(file))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
