package logs

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// importLines are the lines of a batch of an import. Batches of the same content are the same whenever it is imported.
const importLines = 5000

// ImportOptions is how files are imported.
type ImportOptions struct {
	DryRun   bool                 // read everything, write nothing
	Progress func(ImportProgress) // told now and then; may be nil
}

// ImportProgress is how far an import is in one file.
type ImportProgress struct {
	File        string
	Done, Total int64 // decompressed bytes; Total is 0 while the file is read for the first time
	Lines       int64
}

// Imported is what became of a file's lines. Lines is the sum of the five that follow; nothing is written in a dry run, which
// knows no duplicates and tells what is stored or quarantined from the lines alone.
type Imported struct {
	File                                      string
	Lines                                     int64
	Stored, Duplicates, Rejected, Quarantined int64
	AlreadyRecorded                           int64 // lines of batches that an earlier import of this content had committed
	Unattributed                              int64 // of the stored
	Reasons                                   map[string]int64
	First, Last                               time.Time // of the lines that could be read, in a dry run
}

// Import reads log files, plain or compressed with gzip or zstd, and tells what became of each. It may be killed at any moment
// and started again: the content names the batches, so those that are committed are stepped over, under whatever name the
// file has by then. Lines alike (see Line.RID) are told apart within one call: the parts of one log belong in one.
func (m *Module) Import(ctx context.Context, files []string, o ImportOptions) ([]Imported, error) {
	if m.Known == nil {
		return nil, errors.New("logs: Known is not set")
	}
	if o.Progress == nil {
		o.Progress = func(ImportProgress) {}
	}
	var all []Imported
	alike := copies{kept: copiesOfImport}
	for _, file := range files {
		im := importing{m: m, options: o, alike: &alike, done: Imported{File: file, Reasons: map[string]int64{}}}
		err := im.file(ctx)
		all = append(all, im.done)
		if err != nil {
			return all, fmt.Errorf("import %s: %w", file, err)
		}
	}
	return all, nil
}

// importing is the import of one file.
type importing struct {
	m        *Module
	options  ImportOptions
	alike    *copies
	source   string
	total    int64
	recorded map[int64]int // lines of the batches that are committed, by position

	mu   sync.Mutex
	done Imported
}

// importBatch is some lines of a file, as in a chunk.
type importBatch struct {
	position int64
	lines    int
	text     []byte
}

func (im *importing) file(ctx context.Context) error {
	sum := sha256.New()
	if err := im.read(ctx, func(b *importBatch, read int64) error {
		sum.Write(b.text)
		im.total = read
		im.options.Progress(ImportProgress{File: im.done.File, Done: read, Lines: b.position + int64(b.lines)})
		return nil
	}, nil); err != nil {
		return err
	}
	im.source = "import/" + hex.EncodeToString(sum.Sum(nil)[:8])
	var err error
	if im.recorded, err = selectRecorded(ctx, im.m.kit.DB, im.source); err != nil {
		return err
	}
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	batches := make(chan *importBatch)
	free := make(chan *importBatch, im.m.config.Writers+1)
	for range cap(free) {
		free <- &importBatch{}
	}
	var writers sync.WaitGroup
	for range im.m.config.Writers {
		writers.Go(func() {
			var b batch
			var l Line
			for from := range batches {
				if err := im.write(ctx, from, &b, &l); err != nil {
					fail(err)
				}
				free <- from
			}
		})
	}
	err = im.read(ctx, func(b *importBatch, read int64) error {
		im.options.Progress(ImportProgress{File: im.done.File, Done: read, Total: im.total, Lines: b.position + int64(b.lines)})
		if im.recorded[b.position] == b.lines {
			im.count(b.lines, written{again: true})
			return nil
		}
		next := <-free
		*next, *b = *b, *next
		batches <- next
		return nil
	}, im.alike)
	close(batches)
	writers.Wait()
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// read gives the file's batches in order, with the bytes read so far. The batch is the callee's until it returns.
func (im *importing) read(ctx context.Context, take func(b *importBatch, read int64) error, alike *copies) error {
	f, err := os.Open(im.done.File)
	if err != nil {
		return err
	}
	defer f.Close()
	text, closeText, err := decompressed(f)
	if err != nil {
		return err
	}
	defer closeText()
	lines := lineReader{r: bufio.NewReaderSize(text, maxLineBytes+1)}
	b := &importBatch{}
	position, size := int64(0), 0
	for {
		line, tooLong, err := lines.next()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		end := err != nil
		if line = trimEnd(line); len(line) > 0 {
			copy := 0
			if alike != nil {
				copy = alike.of(line)
			}
			b.text = appendLine(b.text, line, copy, tooLong)
			b.lines++
			size += len(line)
		}
		if b.lines >= importLines || size >= maxBatchBytes || end && b.lines > 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			b.position = position
			position += int64(b.lines)
			if err := take(b, lines.read); err != nil {
				return err
			}
			b.text, b.lines, size = b.text[:0], 0, 0
		}
		if end {
			return nil
		}
	}
}

func (im *importing) write(ctx context.Context, from *importBatch, b *batch, l *Line) error {
	b.reset(im.source, from.position, time.Now())
	for rest := from.text; len(rest) > 0; {
		line, copy, tooLong, next, err := cutLine(rest)
		if err != nil {
			return err
		}
		rest = next
		b.add(line, copy, tooLong, l, im.m.intake.settings)
	}
	if im.options.DryRun {
		return im.suppose(ctx, b)
	}
	done, err := im.m.intake.write(ctx, b)
	if err != nil {
		return err
	}
	im.reasons(b)
	im.count(b.lines, done)
	return nil
}

// suppose counts a batch as it would be written if none of its lines were recorded.
func (im *importing) suppose(ctx context.Context, b *batch) error {
	s, err := im.m.intake.sort(ctx, b)
	if err != nil {
		return err
	}
	im.reasons(b)
	im.count(b.lines, written{stored: len(b.rows) - s.held, rejected: len(b.rejects), quarantined: s.held, unattributed: s.unattributed})
	im.mu.Lock()
	defer im.mu.Unlock()
	for _, r := range b.rows {
		at := time.UnixMilli(r.atMillis).UTC()
		if im.done.First.IsZero() || at.Before(im.done.First) {
			im.done.First = at
		}
		if at.After(im.done.Last) {
			im.done.Last = at
		}
	}
	return nil
}

func (im *importing) reasons(b *batch) {
	im.mu.Lock()
	defer im.mu.Unlock()
	for _, r := range b.rejects {
		im.done.Reasons[r.reason]++
	}
}

func (im *importing) count(lines int, w written) {
	im.mu.Lock()
	defer im.mu.Unlock()
	d := &im.done
	d.Lines += int64(lines)
	if w.again {
		d.AlreadyRecorded += int64(lines)
		return
	}
	d.Stored += int64(w.stored)
	d.Duplicates += int64(w.duplicates)
	d.Rejected += int64(w.rejected)
	d.Quarantined += int64(w.quarantined)
	d.Unattributed += int64(w.unattributed)
}

// decompressed tells by the first bytes how a file is compressed: gzip (RFC 1952), zstd (RFC 8878) or not.
func decompressed(f io.Reader) (text io.Reader, closeText func(), err error) {
	r := bufio.NewReaderSize(f, 64<<10)
	start, err := r.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, err
	}
	switch {
	case bytes.HasPrefix(start, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(r)
		return z, func() {}, err
	case bytes.HasPrefix(start, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, nil, err
		}
		return z, z.Close, nil
	}
	return r, func() {}, nil
}

// lineReader takes text apart at its newlines. Of a line that is too long it gives the start.
type lineReader struct {
	r    *bufio.Reader
	read int64
}

// next gives a line, good until the next call; the last one may come with io.EOF.
func (l *lineReader) next() (line []byte, tooLong bool, err error) {
	line, err = l.r.ReadSlice('\n')
	l.read += int64(len(line))
	if !errors.Is(err, bufio.ErrBufferFull) {
		return line, false, err
	}
	start, last := bytes.Clone(line[:maxLineBytes]), line[maxLineBytes]
	rest := []byte(nil)
	for n := 0; errors.Is(err, bufio.ErrBufferFull); n++ {
		rest, err = l.r.ReadSlice('\n')
		l.read += int64(len(rest))
		if n == 0 && len(trimEnd(rest)) == 0 && !errors.Is(err, bufio.ErrBufferFull) && last == '\r' {
			return start, false, err // the longest line there may be, with its CR LF across the buffer's end
		}
	}
	return start, true, err
}
