// Package spool keeps records on disk, in order, between whoever receives them and whoever has them committed elsewhere.
//
//	Append ... Append -> Sync -> Read ... Read -> committed -> Forget
//
// A record has a position, the number of bytes that were ever appended before it, which is never used again. What was synced
// survives kill -9 and a loss of power; what was appended survives kill -9. One process has a folder at a time.
package spool

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// What a spool answers.
var (
	ErrFull      = errors.New("spool: full") // or the disk is
	ErrInUse     = errors.New("spool: another process has this folder")
	ErrForgotten = errors.New("spool: read before what is kept")
	ErrTooLong   = errors.New("spool: a record is longer than MaxRecordBytes or half the spool")
)

// The segments of a spool: an eighth of its size each, within these bounds. Forgetting frees whole segments.
const (
	leastSegmentBytes = 64 << 10
	mostSegmentBytes  = 64 << 20
)

// LeastBytes is the smallest spool that can be opened.
const LeastBytes = 8 * leastSegmentBytes

// Spool is one folder. Its methods may be called at the same time.
type Spool struct {
	dir          string
	id           string
	maxBytes     int64
	segmentBytes int64
	lock         *os.File
	cursor       *os.File

	syncing sync.Mutex // one fsync at a time

	mu       sync.Mutex
	segments []*segment // in order; the last is appended to
	first    int64      // what is before is forgotten
	synced   int64      // what is before is durable
	failed   error      // after a write or fsync that cannot be trusted, nothing is appended any more
	buf      []byte
	grown    chan struct{} // closed and replaced when more can be read
	freed    chan struct{} // closed and replaced when there is more room
	damaged  int
	torn     int
}

// Open locks the folder, making it where needed, and finds everything that was appended to it. A torn record at the very end,
// which a kill or a power cut left, is set aside.
func Open(dir string, maxBytes int64) (_ *Spool, err error) {
	if maxBytes < LeastBytes {
		return nil, fmt.Errorf("spool: %d bytes are too few, %d the least", maxBytes, LeastBytes)
	}
	if err := os.MkdirAll(filepath.Join(dir, asideDir), 0o700); err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	s := &Spool{
		dir: dir, maxBytes: maxBytes, segmentBytes: min(max(maxBytes/8, leastSegmentBytes), mostSegmentBytes),
		grown: make(chan struct{}), freed: make(chan struct{}),
	}
	if s.lock, err = os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	if err := syscall.Flock(int(s.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		s.lock.Close()
		return nil, fmt.Errorf("%w: %s", ErrInUse, dir)
	}
	if err := s.recover(); err != nil {
		s.closeFiles()
		return nil, fmt.Errorf("spool %s: %w", dir, err)
	}
	return s, nil
}

func (s *Spool) recover() (err error) {
	if s.id, err = identity(s.dir); err != nil {
		return err
	}
	if s.damaged, s.torn, err = countAside(s.dir); err != nil {
		return err
	}
	if s.cursor, err = os.OpenFile(filepath.Join(s.dir, "cursor"), os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return err
	}
	if s.segments, err = openSegments(s.dir); err != nil {
		return err
	}
	cursor := readCursor(s.cursor)
	if len(s.segments) == 0 {
		// Positions go on where they were: one that came twice would name two batches.
		return s.addSegment(cursor)
	}
	last := s.segments[len(s.segments)-1]
	whole, err := last.wholeTo()
	if err != nil {
		return err
	}
	if whole < last.end() {
		if _, err := s.setAside(*last, whole, last.end(), tornSuffix); err != nil {
			return err
		}
		s.torn++
		if err := last.truncate(whole); err != nil {
			return err
		}
	}
	if err := last.file.Sync(); err != nil {
		return err
	}
	s.synced = last.end()
	s.first = max(s.segments[0].base, cursor)
	if s.synced < s.first { // what was committed is gone from the disk: its positions must not come again
		return s.addSegment(s.first)
	}
	return nil
}

// ID names the spool: the same for as long as its folder lives, and no other's.
func (s *Spool) ID() string { return s.id }

// Dir is its folder.
func (s *Spool) Dir() string { return s.dir }

// Append adds a record and gives its position. It is written when Append returns and durable after the next Sync. ErrFull
// leaves everything as it was.
func (s *Spool) Append(record []byte) (at int64, err error) {
	need := int64(headerBytes + len(record))
	if len(record) > MaxRecordBytes || need > s.maxBytes/2 {
		return 0, ErrTooLong
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		return 0, s.failed
	}
	if s.bytes()+need > s.maxBytes {
		return 0, ErrFull
	}
	last := s.segments[len(s.segments)-1]
	if last.size > 0 && last.size+need > s.segmentBytes {
		if err := s.roll(); err != nil {
			return 0, err
		}
		last = s.segments[len(s.segments)-1]
	}
	at = last.end()
	s.buf = appendRecord(s.buf[:0], at, time.Now(), record)
	if _, err := last.file.WriteAt(s.buf, last.size); err != nil {
		// A full disk most likely. What was written of it must go, or the next record would stand behind a hole.
		if undone := last.file.Truncate(last.size); undone != nil {
			return 0, s.fail(errors.Join(err, undone))
		}
		return 0, full(fmt.Errorf("spool: %w", err))
	}
	last.size += need
	return at, nil
}

// full has a full disk look like a full spool: in both cases others have to make room.
func full(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return err
}

// roll ends the last segment and begins the next.
func (s *Spool) roll() error {
	last := s.segments[len(s.segments)-1]
	if err := last.file.Sync(); err != nil {
		return s.fail(err)
	}
	s.advance(last.end())
	return s.addSegment(last.end())
}

func (s *Spool) addSegment(base int64) error {
	added, err := newSegment(s.dir, base)
	if err != nil {
		return full(fmt.Errorf("spool: %w", err))
	}
	s.segments = append(s.segments, added)
	if s.synced < base {
		s.first, s.synced = base, base
	}
	return nil
}

// fail ends all appending. The kernel may have thrown away pages that it could not write: a later fsync that succeeds would
// say nothing about them.
func (s *Spool) fail(err error) error {
	s.failed = fmt.Errorf("spool %s takes no more records: %w", s.dir, err)
	close(s.freed) // whoever waits for room learns it
	s.freed = make(chan struct{})
	return s.failed
}

func (s *Spool) advance(to int64) {
	if to > s.synced {
		s.synced = to
		close(s.grown)
		s.grown = make(chan struct{})
	}
}

// Sync makes everything appended before the call durable, and lets it be read. Calls at the same time share an fsync.
func (s *Spool) Sync() error {
	s.mu.Lock()
	to := s.segments[len(s.segments)-1].end()
	s.mu.Unlock()
	s.syncing.Lock()
	defer s.syncing.Unlock()
	s.mu.Lock()
	last, failed := s.segments[len(s.segments)-1], s.failed
	end, done := last.end(), s.synced >= to
	s.mu.Unlock()
	if failed != nil || done {
		return failed
	}
	err := last.file.Sync()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		return s.fail(err)
	}
	s.advance(end)
	return nil
}

// Read gives the record at a position and the position of the next. record is good until buf is used again. At the end of what
// is synced the error is io.EOF. A *Damage says which stretch is unreadable and where to go on.
func (s *Spool) Read(at int64, buf []byte) (record []byte, next int64, err error) {
	s.mu.Lock()
	seg, following, err := s.find(at)
	s.mu.Unlock()
	if err != nil {
		return nil, 0, err
	}
	if at < seg.end() {
		if record, err = seg.read(at, buf); err == nil {
			return record, at + headerBytes + int64(len(record)), nil
		}
		if !errors.Is(err, errNotRecord) {
			return nil, 0, fmt.Errorf("spool: read at %d: %w", at, err)
		}
	}
	to, err := seg.nextRecord(at+1, seg.end())
	if err != nil {
		return nil, 0, fmt.Errorf("spool: look past the damage at %d: %w", at, err)
	}
	if to >= seg.end() { // nothing more in this segment, and the one after it may be missing
		to = following
	}
	file, err := s.setAside(seg, at, to, damageSuffix)
	if err != nil {
		return nil, 0, fmt.Errorf("spool: set damage aside: %w", err)
	}
	s.mu.Lock()
	s.damaged, s.torn, err = countAside(s.dir)
	s.mu.Unlock()
	if err != nil {
		return nil, 0, fmt.Errorf("spool: %w", err)
	}
	return nil, 0, &Damage{From: at, To: to, File: file}
}

// find gives the segment a position stands in, as far as it is synced, and where the next one begins.
func (s *Spool) find(at int64) (seg segment, following int64, err error) {
	if at >= s.synced {
		return seg, 0, io.EOF
	}
	if at < s.first {
		return seg, 0, ErrForgotten
	}
	following = s.synced
	for i := len(s.segments) - 1; i >= 0; i-- {
		seg = *s.segments[i]
		if at >= seg.base {
			seg.size = min(seg.size, s.synced-seg.base)
			return seg, following, nil
		}
		following = seg.base
	}
	return seg, 0, ErrForgotten
}

// Forget says that everything before a position is committed elsewhere. The place is kept without fsync: after a loss of power
// some records may be read again.
func (s *Spool) Forget(before int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	before = min(before, s.synced)
	if before <= s.first {
		return nil
	}
	s.first = before
	if err := writeCursor(s.cursor, before); err != nil {
		return fmt.Errorf("spool: forget: %w", err)
	}
	removed := 0
	for ; removed < len(s.segments)-1 && s.segments[removed+1].base <= before; removed++ {
		if err := s.segments[removed].remove(); err != nil {
			return fmt.Errorf("spool: forget: %w", err)
		}
	}
	s.segments = append([]*segment(nil), s.segments[removed:]...)
	if removed > 0 {
		close(s.freed)
		s.freed = make(chan struct{})
	}
	return nil
}

// First is the position of the oldest record that is not forgotten.
func (s *Spool) First() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.first
}

// End is the position of the next record to be appended.
func (s *Spool) End() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.segments[len(s.segments)-1].end()
}

// Await returns when there is something to read at a position or ctx ends.
func (s *Spool) Await(ctx context.Context, at int64) error {
	for {
		s.mu.Lock()
		there, grown := s.synced > at, s.grown
		s.mu.Unlock()
		if there {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-grown:
		}
	}
}

// AppendWhenRoom is Append that waits while the spool is full.
func (s *Spool) AppendWhenRoom(ctx context.Context, record []byte) (at int64, err error) {
	for {
		s.mu.Lock()
		freed := s.freed
		s.mu.Unlock()
		at, err = s.Append(record)
		if !errors.Is(err, ErrFull) {
			return at, err
		}
		select {
		case <-ctx.Done():
			return 0, errors.Join(err, ctx.Err())
		case <-freed:
		case <-time.After(time.Second): // a full disk is freed by others
		}
	}
}

// Stats is what an operator wants to see of a spool.
type Stats struct {
	Bytes    int64     // on disk
	MaxBytes int64     // of these at most
	Waiting  int64     // bytes that are not forgotten
	Oldest   time.Time // when the oldest record that is not forgotten was appended; zero when there is none
	Damaged  int       // stretches that were found damaged and are set aside
	Torn     int       // ends that a kill or a power cut left unfinished, set aside
	Failed   error     // why nothing is taken any more
}

// Stats gives them.
func (s *Spool) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := Stats{Bytes: s.bytes(), MaxBytes: s.maxBytes, Waiting: s.segments[len(s.segments)-1].end() - s.first, Damaged: s.damaged, Torn: s.torn, Failed: s.failed}
	if seg, _, err := s.find(s.first); err == nil {
		st.Oldest = seg.timeAt(s.first)
	}
	return st
}

func (s *Spool) bytes() (n int64) {
	for _, seg := range s.segments {
		n += seg.size
	}
	return n
}

// Close syncs what was appended and gives the folder free.
func (s *Spool) Close() error {
	err := s.Sync()
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(err, s.closeFiles())
}

func (s *Spool) closeFiles() (err error) {
	for _, seg := range s.segments {
		err = errors.Join(err, seg.file.Close())
	}
	if s.cursor != nil {
		err = errors.Join(err, s.cursor.Close())
	}
	// Closing alone would leave the lock to a child that is just being started and has not closed its copy yet.
	return errors.Join(err, syscall.Flock(int(s.lock.Fd()), syscall.LOCK_UN), s.lock.Close())
}

// identity reads the folder's name, or makes it.
func identity(dir string) (string, error) {
	file := filepath.Join(dir, "id")
	text, err := os.ReadFile(file)
	if id := strings.TrimSpace(string(text)); err == nil && id != "" {
		return id, nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	id := strings.ToLower(rand.Text()[:10])
	return id, replaceFile(file, []byte(id+"\n"))
}
