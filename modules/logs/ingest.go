package logs

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"

	"suiftly/internal/customer"
	"suiftly/internal/pg"
)

// maxBatchBytes ends a batch of long lines early.
const maxBatchBytes = 4 << 20

// intake takes batches of lines to Postgres: known? which day? -> one transaction. A batch is written as often as it takes;
// where its lines come from, disk or sender, they stay until it is committed.
type intake struct {
	m        *Module
	settings settings
	days     days
	known    knownCustomers
	counts   lineCounts
}

func newIntake(m *Module) *intake {
	c := m.config
	return &intake{
		m:        m,
		settings: settings{billableFrom: c.BillableFrom, billableTo: c.BillableTo, clientIP: c.ClientIP, zone: c.zone(), backends: c.Backends},
		days:     days{made: map[time.Time]bool{}},
		known:    knownCustomers{until: map[customer.ID]time.Time{}},
		counts:   newLineCounts(),
	}
}

// written is what became of a batch. Every line is one of the first four.
type written struct {
	stored, duplicates, rejected, quarantined int
	unattributed                              int  // of the stored
	again                                     bool // the whole batch was there already
}

const (
	firstWait = 50 * time.Millisecond
	mostWait  = 5 * time.Second
	sayEvery  = 30 * time.Second
)

// write has the batch committed. It tries until it succeeds or ctx ends: no failure of Postgres makes it give a line up.
func (in *intake) write(ctx context.Context, b *batch) (written, error) {
	wait, said := firstWait, time.Time{}
	for {
		done, err := in.attempt(ctx, b)
		if err == nil {
			in.counts.add(done)
			if !said.IsZero() {
				in.m.log.Info("Postgres takes log lines again", "source", b.source)
			}
			return done, nil
		}
		if ctx.Err() != nil || errors.Is(err, errTailMoved) {
			return written{}, err
		}
		if now := time.Now(); now.Sub(said) > sayEvery {
			in.m.log.Warn("log lines wait for Postgres", "source", b.source, "lines", b.lines, "error", err)
			said = now
		}
		select {
		case <-ctx.Done():
			return written{}, err
		case <-time.After(wait/2 + rand.N(wait/2)):
		}
		wait = min(wait*2, mostWait)
	}
}

// attempt writes the batch once, in the fastest way that its lines allow.
func (in *intake) attempt(ctx context.Context, b *batch) (written, error) {
	doubted := false
	for way := writeStraight; ; {
		done, err := in.try(ctx, b, way)
		switch {
		case errors.Is(err, errRowThere) && way < writeSorted: // some of the lines came before: sort them out in Postgres
			way = writeSorted
		case errors.Is(err, errRowRefused) && way < writeSingly:
			way = writeSingly
			in.m.log.Error("Postgres refuses a log line; writing them one by one to find it", "source", b.source, "error", err)
		case errors.Is(err, errNoDay) && !doubted:
			doubted = true
			in.days.doubt()
		default:
			return done, err
		}
	}
}

// how a batch is written: the fast way first.
type how int

const (
	writeStraight how = iota // COPY into the table: about 1.7 times as fast, and most batches hold nothing twice
	writeSorted              // COPY beside it, then insert what is not there yet
	writeSingly              // each line on its own, to find the one that Postgres refuses
)

// try writes the batch in one transaction.
func (in *intake) try(ctx context.Context, b *batch, way how) (written, error) {
	s, err := in.sort(ctx, b)
	if err != nil {
		return written{}, err
	}
	if err := in.days.ensure(ctx, in.m.kit.DB, s.days); err != nil {
		return written{}, err
	}
	if way == writeStraight && (s.held > 0 || len(b.rejects) > 0) {
		way = writeSorted
	}
	tries := 0
	var done written
	err = pg.Bulk(ctx, in.m.kit.DB, func(tx *pg.BulkTx) error {
		if tries++; tries > 1 { // lost a deadlock against a batch with the same lines: in order they cannot meet again
			way = max(way, writeSorted)
		}
		done = written{stored: len(b.rows) - s.held, quarantined: s.held, rejected: len(b.rejects), unattributed: s.unattributed}
		id, again, err := insertBatch(ctx, tx, b, s, done)
		if err != nil || again {
			done = written{again: again}
			return err
		}
		if b.also != nil {
			if err := b.also(ctx, tx); err != nil {
				return err
			}
		}
		switch way {
		case writeStraight:
			return copyRows(ctx, tx, s.block(b, id)) // what insertBatch said is what happened
		case writeSorted:
			err = in.writeSorted(ctx, tx, b, s, id, &done)
		case writeSingly:
			err = in.writeSingly(ctx, tx, b, s, id, &done)
		}
		if err != nil {
			return err
		}
		return updateBatch(ctx, tx, id, done)
	})
	if err != nil {
		return written{}, fmt.Errorf("write %d lines of %s: %w", b.lines, b.source, err)
	}
	return done, nil
}

func (in *intake) writeSorted(ctx context.Context, tx *pg.BulkTx, b *batch, s *sorted, id int64, done *written) error {
	if err := copyAside(ctx, tx, s.blockWithReasons(b, id)); err != nil {
		return err
	}
	stored, unattributed, err := insertAside(ctx, tx)
	if err != nil {
		return err
	}
	held, err := holdAside(ctx, tx)
	if err != nil {
		return err
	}
	rejected, err := insertRejects(ctx, tx, id, b.rejects)
	if err != nil {
		return err
	}
	*done = written{stored: stored, quarantined: held, rejected: rejected, unattributed: unattributed}
	done.duplicates = b.lines - stored - held - rejected
	return nil
}

func (in *intake) writeSingly(ctx context.Context, tx *pg.BulkTx, b *batch, s *sorted, id int64, done *written) error {
	*done = written{}
	rejects := slices.Clone(b.rejects)
	var one []byte
	for i, r := range b.rows {
		one = s.appendRow(one[:0], b, i, id)
		stored, err := copyRow(ctx, tx, one, s.reasons[i])
		switch {
		case errors.Is(err, errRowRefused):
			line := b.text[r.from : r.to-1]
			rejects = append(rejects, reject{rid: hashed(line), number: b.lines, reason: "refused", line: string(appendText(nil, line, maxRejectBytes, false))})
		case err != nil:
			return err
		case !stored:
		case s.reasons[i] != "":
			done.quarantined++
		default:
			done.stored++
			if s.owners[i] == 0 {
				done.unattributed++
			}
		}
	}
	var err error
	done.rejected, err = insertRejects(ctx, tx, id, rejects)
	done.duplicates = b.lines - done.stored - done.quarantined - done.rejected
	return err
}

// sorted is what is decided about a batch at the moment it is written.
type sorted struct {
	owners       []customer.ID // of each row; 0 is nobody
	reasons      []string      // why a row is held back, or ""
	held         int
	unattributed int       // of those not held
	first, last  time.Time // of those not held; zero when there is none
	days         []time.Time
}

func (in *intake) sort(ctx context.Context, b *batch) (*sorted, error) {
	known, err := in.known.ask(ctx, in.m, b.rows)
	if err != nil {
		return nil, err
	}
	now := in.m.kit.Now()
	latest := now.Add(time.Duration(in.m.config.FutureMinutes) * time.Minute).UnixMilli()
	oldest := now.Add(-time.Duration(in.m.config.OldDays) * 24 * time.Hour).UnixMilli()
	s := &sorted{owners: make([]customer.ID, len(b.rows)), reasons: make([]string, len(b.rows))}
	var first, last, dayFrom, dayTo int64
	for i, r := range b.rows {
		if r.service && r.customer != 0 && known[r.customer] {
			s.owners[i] = r.customer
		}
		switch {
		case r.atMillis > latest:
			s.reasons[i] = "future"
		case r.atMillis < oldest:
			s.reasons[i] = "old"
		}
		if s.reasons[i] != "" {
			s.held++
			continue
		}
		if s.owners[i] == 0 {
			s.unattributed++
		}
		if first == 0 || r.atMillis < first {
			first = r.atMillis
		}
		last = max(last, r.atMillis)
		if r.atMillis < dayFrom || r.atMillis >= dayTo {
			day := dayOf(time.UnixMilli(r.atMillis))
			dayFrom, dayTo = day.UnixMilli(), day.AddDate(0, 0, 1).UnixMilli()
			if !slices.Contains(s.days, day) {
				s.days = append(s.days, day)
			}
		}
	}
	if first != 0 {
		s.first, s.last = time.UnixMilli(first).UTC(), time.UnixMilli(last).UTC()
	}
	return s, nil
}

// appendRow writes row i for COPY: its batch, its owner, what it claims when nobody owns it, then what the batch encoded.
func (s *sorted) appendRow(t []byte, b *batch, i int, id int64) []byte {
	r := b.rows[i]
	t = strconv.AppendInt(t, id, 10)
	t = append(t, '\t')
	t = strconv.AppendInt(t, int64(s.owners[i]), 10)
	t = append(t, '\t')
	switch {
	case s.owners[i] != 0:
		t = append(t, `\N`...)
	case r.customer != 0:
		t = strconv.AppendInt(t, int64(r.customer), 10)
	default:
		t = appendText(t, []byte(r.claimed), maxNameBytes, true)
	}
	t = append(t, '\t')
	return append(t, b.text[r.from:r.to]...)
}

const ownerColumns = "batch_id, customer_id, claimed, "

func (s *sorted) block(b *batch, id int64) []byte {
	block := make([]byte, 0, len(b.text)+32*len(b.rows))
	for i := range b.rows {
		block = s.appendRow(block, b, i, id)
	}
	return block
}

// blockWithReasons has why a row is held as its first column.
func (s *sorted) blockWithReasons(b *batch, id int64) []byte {
	block := make([]byte, 0, len(b.text)+40*len(b.rows))
	for i := range b.rows {
		if s.reasons[i] == "" {
			block = append(block, `\N`...)
		} else {
			block = append(block, s.reasons[i]...)
		}
		block = append(block, '\t')
		block = s.appendRow(block, b, i, id)
	}
	return block
}

// knownFor is how long a customer who exists is taken to exist. That one does not is never remembered: it may sign up.
const knownFor = time.Minute

type knownCustomers struct {
	mu    sync.Mutex
	until map[customer.ID]time.Time
}

// ask says which of the rows' customers exist. When that cannot be found out the rows must wait: taken for nobody's, they
// would never be billed.
func (k *knownCustomers) ask(ctx context.Context, m *Module, rows []row) (map[customer.ID]bool, error) {
	now := m.kit.Now()
	known := map[customer.ID]bool{}
	var unsure []customer.ID
	k.mu.Lock()
	last := customer.ID(0)
	for _, r := range rows {
		if r.customer == 0 || r.customer == last {
			continue
		}
		last = r.customer
		if _, asked := known[r.customer]; asked {
			continue
		}
		known[r.customer] = k.until[r.customer].After(now)
		if !known[r.customer] {
			unsure = append(unsure, r.customer)
		}
	}
	k.mu.Unlock()
	if len(unsure) == 0 {
		return known, nil
	}
	exist, err := m.Known(ctx, unsure)
	if err != nil {
		return nil, fmt.Errorf("ask which customers exist: %w", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.until) > 100_000 {
		clear(k.until)
	}
	for _, id := range unsure {
		if exist[id] {
			known[id] = true
			k.until[id] = now.Add(knownFor)
		}
	}
	return known, nil
}
