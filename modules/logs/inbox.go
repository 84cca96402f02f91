package logs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"suiftly/internal/spool"
)

// syncEvery is how often what was received is made durable. A kill of this process loses what its sockets hold; a loss of
// power loses this much more.
const syncEvery = 5 * time.Millisecond

// adoptEvery is how often spools of replicas that are gone are looked for.
const adoptEvery = time.Minute

// inbox holds received lines on disk until Postgres has them. Senders wait when it is full.
//
//	socket -> bundle -> chunk in the spool -> fsync -> drain -> batch -> one transaction -> forgotten
type inbox struct {
	m     *Module
	spool *spool.Spool
	dirty chan struct{} // holds one when something was appended
}

// openInbox takes the first folder in logs.spool_dir that no other replica on this host has: what one left behind is written
// by the next.
func openInbox(m *Module) (*inbox, error) {
	// An embedded database may lie beside it and run as another account, which has to pass through.
	if err := os.MkdirAll(m.config.SpoolDir, 0o755); err != nil {
		return nil, fmt.Errorf("logs.spool_dir: %w", err)
	}
	for n := range maxReplicas {
		s, err := spool.Open(filepath.Join(m.config.SpoolDir, strconv.Itoa(n)), m.config.spoolBytes())
		if errors.Is(err, spool.ErrInUse) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("logs.spool_dir: %w", err)
		}
		return &inbox{m: m, spool: s, dirty: make(chan struct{}, 1)}, nil
	}
	return nil, fmt.Errorf("logs.spool_dir: all %d folders in %s are in use", maxReplicas, m.config.SpoolDir)
}

// maxReplicas bounds the spools in one folder.
const maxReplicas = 64

// append writes a chunk, waiting while the spool is full, and has it synced soon.
func (in *inbox) append(ctx context.Context, record []byte) (at int64, err error) {
	at, err = in.spool.Append(record)
	if errors.Is(err, spool.ErrFull) {
		in.m.log.Warn("the spool is full: senders of log lines wait for Postgres", "spool", in.spool.Dir(), "megabytes", in.m.config.SpoolMB, "error", err)
		at, err = in.spool.AppendWhenRoom(ctx, record)
	}
	if err != nil {
		return 0, err
	}
	select {
	case in.dirty <- struct{}{}:
	default:
	}
	return at, nil
}

// sync makes what is appended durable, until ctx ends or the disk fails.
func (in *inbox) sync(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return in.spool.Sync()
		case <-in.dirty:
		}
		if err := in.spool.Sync(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(syncEvery):
		}
	}
}

// adopt writes what replicas that are gone from this host left in their spools.
func (in *inbox) adopt(ctx context.Context) {
	for {
		folders, err := os.ReadDir(in.m.config.SpoolDir)
		if err != nil {
			in.m.log.Warn("look for spools of other replicas", "error", err)
		}
		for _, f := range folders {
			dir := filepath.Join(in.m.config.SpoolDir, f.Name())
			if _, err := strconv.Atoi(f.Name()); err != nil || dir == in.spool.Dir() || ctx.Err() != nil {
				continue
			}
			if st, err := spool.Look(dir); err == nil && st.Waiting == 0 {
				continue
			}
			if err := in.m.drainLeft(ctx, dir); err != nil && ctx.Err() == nil {
				in.m.log.Error("a spool that a replica left behind cannot be written", "spool", dir, "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(adoptEvery):
		}
	}
}

func (m *Module) drainLeft(ctx context.Context, dir string) error {
	s, err := spool.Open(dir, m.config.spoolBytes())
	if errors.Is(err, spool.ErrInUse) {
		return nil
	}
	if err != nil {
		return err
	}
	m.log.Info("writing what a replica left in its spool", "spool", dir, "bytes", s.Stats().Waiting)
	d := newDrain(m, s)
	d.finish() // nobody appends to it
	err = d.run(ctx)
	return errors.Join(err, s.Close())
}

// Spools says in a sentence each what the spools on this host hold, whoever has them open.
func (m *Module) Spools() ([]string, error) {
	folders, err := os.ReadDir(m.config.SpoolDir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("logs.spool_dir: %w", err)
	}
	var all []string
	for _, f := range folders {
		if _, err := strconv.Atoi(f.Name()); err != nil {
			continue
		}
		dir := filepath.Join(m.config.SpoolDir, f.Name())
		st, err := spool.Look(dir)
		if err != nil {
			return all, fmt.Errorf("logs.spool_dir: %w", err)
		}
		said := fmt.Sprintf("spool %s: %d bytes wait for the database", dir, st.Waiting)
		if !st.Oldest.IsZero() {
			said += " since " + st.Oldest.UTC().Format(time.RFC3339)
		}
		if st.Damaged+st.Torn > 0 {
			said += fmt.Sprintf("; %d damaged and %d torn stretches are set aside", st.Damaged, st.Torn)
		}
		all = append(all, said)
	}
	return all, nil
}

// bundle is the batch that a receiver is filling.
type bundle struct {
	in     *inbox
	source string // without the spool's name
	copies copies

	begun  bool      // its first chunk is in the spool
	at     int64     // where
	opened time.Time // zero while there is nothing in it
	lines  int
	bytes  int
	text   []byte // lines that are in no chunk yet
	record []byte
}

// add takes one line. The batch ends with it when it is full.
func (b *bundle) add(ctx context.Context, line []byte, tooLong bool) error {
	if b.opened.IsZero() {
		b.opened = time.Now()
	}
	copy := 0
	if !tooLong {
		copy = b.copies.of(line)
	}
	b.text = appendLine(b.text, line, copy, tooLong)
	b.lines++
	b.bytes += len(line)
	if b.lines >= b.in.m.config.BatchLines || b.bytes >= maxBatchBytes {
		return b.flush(ctx, true)
	}
	return nil
}

// due is when the batch goes out even if it is not full.
func (b *bundle) due() time.Time {
	if b.opened.IsZero() {
		return time.Time{}
	}
	return b.opened.Add(time.Duration(b.in.m.config.BatchMs) * time.Millisecond)
}

// flush writes what it holds to the spool; last ends the batch.
func (b *bundle) flush(ctx context.Context, last bool) error {
	if b.opened.IsZero() || len(b.text) == 0 && !last {
		return nil
	}
	c := chunk{first: !b.begun, last: last, source: b.source, batch: b.at, lines: b.text}
	b.record = c.append(b.record[:0])
	at, err := b.in.append(ctx, b.record)
	if err != nil {
		return fmt.Errorf("%d log lines of %s: %w", b.lines, b.source, err)
	}
	if !b.begun {
		b.begun, b.at = true, at
	}
	b.text = b.text[:0]
	if last {
		b.begun, b.opened, b.lines, b.bytes = false, time.Time{}, 0, 0
	}
	return nil
}

// watched is the spool of a replica that is receiving.
type watched struct {
	mu    sync.Mutex
	inbox *inbox
}

func (w *watched) set(in *inbox) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inbox = in
}

// stats gives the state of the spool; ok is false when there is none.
func (w *watched) stats() (st spool.Stats, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.inbox == nil {
		return st, false
	}
	return w.inbox.spool.Stats(), true
}
