package logs

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io"
	"os"
	"time"

	"suiftly/internal/pg"
)

const (
	tailEvery   = 250 * time.Millisecond // how often a file is looked at
	rotateGrace = 2 * time.Second        // how long whoever writes a file may go on with it after it was renamed
	tailBytes   = 1 << 20                // read at once
)

// errTailMoved is met when another process has read on in the same file.
var errTailMoved = errors.New("another process reads this file")

// tailPlace is how far a file is read.
type tailPlace struct {
	Device      int64  `db:"device"`
	Inode       int64  `db:"inode"`
	Fingerprint []byte `db:"fingerprint"` // of its first FirstBytes
	FirstBytes  int    `db:"fingerprint_bytes"`
	Offset      int64  `db:"byte_offset"`
	Lines       int64  `db:"lines"` // ever read, over all rotations
}

// tail follows one log file through its rotations. The file itself is the spool: what is not committed is read again.
//
//	rename and create: the old file is read to its end, then what was rotated after it, then the new one
//	copy and truncate: the rest is read from the copy, which its beginning tells, then the file from its start
type tail struct {
	m      *Module
	path   string
	source string
	place  tailPlace
	alike  copies

	file  *os.File // nil while none is open
	later []string // files to read after this one, in order; the last is path
	buf   []byte
	batch batch
	line  Line
}

func newTail(m *Module, path string) *tail {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	return &tail{m: m, path: path, source: "file/" + host + path}
}

// run follows the file until ctx ends.
func (t *tail) run(ctx context.Context) {
	said := ""
	for ctx.Err() == nil {
		err := t.follow(ctx)
		t.closeFile()
		if err != nil && ctx.Err() == nil && err.Error() != said {
			said = err.Error()
			t.m.log.Warn("a log file cannot be followed", "file", t.path, "error", err)
		}
		pause(ctx, mostWait)
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func (t *tail) closeFile() {
	if t.file != nil {
		t.file.Close()
		t.file = nil
	}
}

// follow goes on where the database says.
func (t *tail) follow(ctx context.Context) error {
	place, err := selectTail(ctx, t.m.kit.DB, t.source)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	t.place = place
	if t.later, err = t.resume(); err != nil {
		return err
	}
	t.m.log.Info("following a log file", "file", t.path, "line", t.place.Lines, "offset", t.place.Offset)
	quietSince := time.Now()
	for ctx.Err() == nil {
		if t.file == nil {
			if err := t.next(); errors.Is(err, os.ErrNotExist) {
				pause(ctx, tailEvery)
				continue
			} else if err != nil {
				return err
			}
			quietSince = time.Now()
		}
		read, err := t.take(ctx, false)
		if err != nil {
			return err
		}
		if read > 0 {
			quietSince = time.Now()
			continue
		}
		ended, err := t.ended(time.Since(quietSince) > rotateGrace)
		if err != nil {
			return err
		}
		if !ended {
			pause(ctx, tailEvery)
			continue
		}
		for read = 1; read > 0; { // and what stands behind the last newline
			if read, err = t.take(ctx, true); err != nil {
				return err
			}
		}
		t.closeFile()
	}
	return nil
}

// next opens the next file to read from its start, or the first one where it was left.
func (t *tail) next() error {
	if len(t.later) == 0 {
		t.later = []string{t.path}
	}
	file, err := os.Open(t.later[0])
	if err != nil {
		return err
	}
	st, err := file.Stat()
	if err != nil {
		return errors.Join(err, file.Close())
	}
	if device, inode := identityOf(st); t.place.Offset == 0 || device != t.place.Device || inode != t.place.Inode || !t.place.begins(file) {
		t.place = tailPlace{Device: device, Inode: inode, Lines: t.place.Lines}
	}
	t.file, t.later = file, t.later[1:]
	return nil
}

// take reads whole lines and commits them with the place they end at; last takes what follows the last newline too.
func (t *tail) take(ctx context.Context, last bool) (read int, err error) {
	if t.buf == nil {
		t.buf = make([]byte, tailBytes)
	}
	n, err := t.file.ReadAt(t.buf, t.place.Offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	text := t.buf[:n]
	switch end := bytes.LastIndexByte(text, '\n') + 1; {
	case last && n < len(t.buf):
	case end > 0 || n < len(t.buf): // a line that fills the buffer is taken as it is
		text = text[:end]
	}
	for len(text) > 0 {
		used, err := t.commit(ctx, text)
		if err != nil {
			return read, err
		}
		text, read = text[used:], read+used
	}
	return read, nil
}

// commit writes the first lines of text as one batch.
func (t *tail) commit(ctx context.Context, text []byte) (used int, err error) {
	b := &t.batch
	b.reset(t.source, t.place.Lines, time.Now())
	for used < len(text) && b.lines < t.m.config.BatchLines && len(b.text) < maxBatchBytes {
		line, _, ended := bytes.Cut(text[used:], []byte{'\n'})
		used += len(line)
		if ended {
			used++
		}
		if line = trimEnd(line); len(line) > 0 {
			tooLong := len(line) > maxLineBytes
			line = line[:min(len(line), maxLineBytes)]
			b.add(line, t.alike.of(line), tooLong, &t.line, t.m.intake.settings)
		}
	}
	next := t.place
	next.Offset += int64(used)
	next.Lines += int64(b.lines)
	if next.FirstBytes < fingerprintBytes {
		if next.Fingerprint, next.FirstBytes, err = fingerprint(t.file, fingerprintBytes); err != nil {
			return 0, err
		}
	}
	if b.lines > 0 {
		b.also = func(ctx context.Context, tx pg.Q) error { return moveTail(ctx, tx, t.source, t.place.Lines, next) }
		if _, err := t.m.intake.write(ctx, b); err != nil {
			return 0, err
		}
	}
	t.place = next
	return used, nil
}

// ended reports whether nothing more comes in the open file, and finds out what follows it.
func (t *tail) ended(quiet bool) (bool, error) {
	if len(t.later) > 0 {
		return true, nil
	}
	open, err := t.file.Stat()
	if err != nil {
		return false, err
	}
	if open.Size() < t.place.Offset || !t.place.begins(t.file) {
		t.later = []string{t.path}
		if rest := t.copyOf(); rest != "" {
			return false, t.readCopy(rest)
		}
		t.m.log.Warn("a log file was truncated and no copy of it is found: lines written since the last look are lost", "file", t.path, "offset", t.place.Offset)
		t.place.Offset, t.place.FirstBytes, t.place.Fingerprint = 0, 0, nil
		t.closeFile()
		return false, nil
	}
	now, err := os.Stat(t.path)
	if errors.Is(err, os.ErrNotExist) || err == nil && os.SameFile(open, now) {
		return false, nil
	}
	if err != nil || !quiet {
		return false, err
	}
	t.later, err = t.rotatedAfter(open)
	return true, err
}

// readCopy goes on in the copy of a truncated file.
func (t *tail) readCopy(path string) error {
	t.closeFile()
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	st, err := file.Stat()
	if err != nil {
		return errors.Join(err, file.Close())
	}
	t.place.Device, t.place.Inode = identityOf(st)
	t.file = file
	return nil
}

// resume finds the file that the place is in, and gives the files to read from it on.
func (t *tail) resume() ([]string, error) {
	if t.place.Lines == 0 && t.place.Offset == 0 {
		return []string{t.path}, nil
	}
	all, err := t.rotations()
	if err != nil {
		return nil, err
	}
	at := -1
	for i, path := range all {
		file, err := os.Open(path)
		if err != nil {
			continue
		}
		st, err := file.Stat()
		if err == nil && st.Size() >= t.place.Offset && t.place.begins(file) {
			device, inode := identityOf(st)
			if at < 0 || device == t.place.Device && inode == t.place.Inode {
				at = i
				t.place.Device, t.place.Inode = device, inode
			}
		}
		file.Close()
	}
	if at < 0 {
		t.m.log.Warn("the log file that was read last is gone: lines at its end may be lost", "file", t.path, "offset", t.place.Offset)
		t.place = tailPlace{Lines: t.place.Lines}
		return []string{t.path}, nil
	}
	return all[at:], nil
}

// copyOf is the rotated file that holds what the open one held before it was truncated.
func (t *tail) copyOf() string {
	all, err := t.rotations()
	if err != nil || t.place.FirstBytes == 0 {
		return ""
	}
	for _, path := range all[:len(all)-1] {
		file, err := os.Open(path)
		if err != nil {
			continue
		}
		st, err := file.Stat()
		found := err == nil && st.Size() >= t.place.Offset && t.place.begins(file)
		file.Close()
		if found {
			return path
		}
	}
	return ""
}

// rotatedAfter gives what was rotated away after a file, and the path.
func (t *tail) rotatedAfter(file os.FileInfo) ([]string, error) {
	all, err := t.rotations()
	if err != nil {
		return nil, err
	}
	for i, path := range all {
		if st, err := os.Stat(path); err == nil && os.SameFile(st, file) {
			return all[i+1:], nil
		}
	}
	return all[len(all)-1:], nil // it was deleted or compressed
}
