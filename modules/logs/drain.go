package logs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"suiftly/internal/spool"
)

// drain has the batches of a spool written, some at a time, and forgets what is committed.
//
// A batch is named by the spool and the position of its first chunk, and its lines are fixed when it is read to its last: read
// again after a crash it is the same batch, which Postgres knows. What is forgotten is always a whole beginning of the log
// with every batch that starts in it, so a chunk of an earlier batch that is met again belongs to one that is committed.
type drain struct {
	m      *Module
	spool  *spool.Spool
	from   int64 // batches before are committed
	sealed int64 // batches that began before get no more chunks: their receiver is gone

	ending chan struct{} // closed when nothing is appended any more
	ready  chan *batchChunks

	mu   sync.Mutex
	open map[batchKey]*batchChunks // those read, until they are committed
	read int64                     // how far
}

type batchKey struct {
	position int64
	damage   bool // a stretch that cannot be read, which may be where a batch began
}

// batchChunks is where the lines of a batch are.
type batchChunks struct {
	key    batchKey
	source string
	chunks []int64
	damage *spool.Damage // instead of chunks: a stretch that cannot be read
	whole  bool          // read to its last chunk
}

func newDrain(m *Module, s *spool.Spool) *drain {
	return &drain{
		m: m, spool: s, from: s.First(), sealed: s.End(), read: s.First(),
		ending: make(chan struct{}), ready: make(chan *batchChunks), open: map[batchKey]*batchChunks{},
	}
}

// finish says that nothing is appended any more: run ends when all is written.
func (d *drain) finish() { close(d.ending) }

// run writes until everything is written after finish, or ctx ends.
func (d *drain) run(ctx context.Context) error {
	var writers sync.WaitGroup
	for range d.m.config.Writers {
		writers.Go(func() {
			w := drainWriter{drain: d}
			for b := range d.ready {
				for err := w.write(ctx, b); err != nil; err = w.write(ctx, b) {
					d.m.log.Warn("log lines stay in the spool", "spool", d.spool.Dir(), "source", b.source, "error", err)
					select {
					case <-ctx.Done():
					case <-time.After(mostWait):
					}
					if ctx.Err() != nil {
						break
					}
				}
			}
		})
	}
	err := d.follow(ctx)
	close(d.ready)
	writers.Wait()
	return err
}

// follow reads the spool from one chunk to the next.
func (d *drain) follow(ctx context.Context) error {
	at := d.from
	var buf []byte
	awaiting, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		select {
		case <-d.ending:
			stop()
		case <-awaiting.Done():
		}
	}()
	for ctx.Err() == nil {
		if at >= d.sealed && d.sealed >= 0 {
			d.sealed = -1
			if err := d.seal(ctx); err != nil {
				return err
			}
		}
		record, next, err := d.spool.Read(at, buf)
		var damage *spool.Damage
		switch {
		case err == nil:
			buf = record
			if err := d.take(ctx, at, next, record); err != nil {
				return err
			}
			at = next
		case errors.As(err, &damage):
			d.m.log.Error("the spool of log lines is damaged", "spool", d.spool.Dir(), "error", damage)
			lost := &batchChunks{key: batchKey{damage.From, true}, source: "damaged", damage: damage, whole: true}
			if err := d.hand(ctx, lost, damage.To); err != nil {
				return err
			}
			at = damage.To
		case !errors.Is(err, io.EOF):
			return err
		case awaiting.Err() != nil: // nothing more will come
			return d.seal(ctx)
		default:
			_ = d.spool.Await(awaiting, at) // it ends early only to be asked again
		}
	}
	return ctx.Err()
}

// take notes a chunk, and hands its batch over when it is the last.
func (d *drain) take(ctx context.Context, at, next int64, record []byte) error {
	c, err := chunkOf(record)
	if err != nil {
		return fmt.Errorf("record at %d: %w", at, err)
	}
	key := batchKey{position: c.batch}
	if c.first {
		key.position = at
	}
	d.mu.Lock()
	b := d.open[key]
	if b == nil && key.position >= d.from {
		b = &batchChunks{key: key, source: c.source}
		if !c.first { // the first is damaged; these lines are as good as any
			b.source = "remains"
		}
		d.open[key] = b
	}
	d.read = next
	if b != nil {
		b.chunks = append(b.chunks, at)
	}
	d.mu.Unlock()
	if b == nil || !c.last {
		return nil
	}
	return d.hand(ctx, b, next)
}

// seal ends the batches that are not whole.
func (d *drain) seal(ctx context.Context) error {
	d.mu.Lock()
	var cut []*batchChunks
	for _, b := range d.open {
		if !b.whole {
			cut = append(cut, b)
		}
	}
	read := d.read
	d.mu.Unlock()
	for _, b := range cut {
		if err := d.hand(ctx, b, read); err != nil {
			return err
		}
	}
	return nil
}

func (d *drain) hand(ctx context.Context, b *batchChunks, read int64) error {
	d.mu.Lock()
	b.whole = true
	d.open[b.key] = b
	d.read = read
	d.mu.Unlock()
	select {
	case d.ready <- b:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// done forgets everything before the first batch that is not committed.
func (d *drain) done(b *batchChunks) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.open, b.key)
	before := d.read
	for key := range d.open {
		before = min(before, key.position)
	}
	return d.spool.Forget(before)
}

// drainWriter reads batches back and writes them.
type drainWriter struct {
	*drain
	batch  batch
	line   Line
	record []byte
}

func (w *drainWriter) write(ctx context.Context, of *batchChunks) error {
	w.batch.reset(of.source+"@"+w.spool.ID(), of.key.position, time.Now())
	if of.damage != nil {
		w.batch.lost(of.damage)
	}
	for _, at := range of.chunks {
		if err := w.addChunk(at); err != nil {
			return err
		}
	}
	if _, err := w.m.intake.write(ctx, &w.batch); err != nil {
		return err
	}
	return w.done(of)
}

func (w *drainWriter) addChunk(at int64) error {
	record, _, err := w.spool.Read(at, w.record)
	var damage *spool.Damage
	if errors.As(err, &damage) { // since it was read first
		w.batch.lost(damage)
		return nil
	}
	if err != nil {
		return err
	}
	w.record = record
	c, err := chunkOf(record)
	if err != nil {
		return err
	}
	for rest := c.lines; len(rest) > 0; {
		var line []byte
		var copy int
		var tooLong bool
		if line, copy, tooLong, rest, err = cutLine(rest); err != nil {
			return err
		}
		w.batch.add(line, copy, tooLong, &w.line, w.m.intake.settings)
	}
	return nil
}
