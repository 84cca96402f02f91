package jobs

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/pg"
)

const patience = 20 * time.Second

// eventually waits for the database to say true.
func (r *room) eventually(t *testing.T, query string, args ...any) {
	t.Helper()
	for end := time.Now().Add(patience); ; {
		var yes bool
		if err := r.db.Get(&yes, query, args...); err != nil {
			t.Fatal(err)
		}
		if yes {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("never true: %s", query)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

const (
	noLock   = `select not exists (select from pg_locks l join pg_database d on d.oid = l.database where d.datname = current_database() and l.locktype = 'advisory')`
	endHolds = `select bool_and(pg_terminate_backend(l.pid)) from pg_locks l join pg_database d on d.oid = l.database
		where d.datname = current_database() and l.locktype = 'advisory'`
)

func (r *room) endLockSession(t *testing.T) {
	t.Helper()
	var ended *bool
	if err := r.db.Get(&ended, endHolds); err != nil || ended == nil || !*ended {
		t.Fatal("no lock session to end", err)
	}
	r.eventually(t, noLock)
}

// paper is a table that a job writes to.
func (r *room) paper(t *testing.T) {
	t.Helper()
	if _, err := r.db.Exec(`create table ops.paper (line text not null)`); err != nil {
		t.Fatal(err)
	}
}

func (r *room) lines(t *testing.T) (lines []string) {
	t.Helper()
	if err := r.db.Select(&lines, `select line from ops.paper order by line`); err != nil {
		t.Fatal(err)
	}
	return lines
}

func write(ctx context.Context, db *sqlx.DB, f Fence, line string, before func()) error {
	return pg.Tx(ctx, db, func(tx *sqlx.Tx) error {
		if err := f.Hold(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `insert into ops.paper (line) values ($1)`, line); err != nil {
			return err
		}
		before()
		return nil
	})
}

func TestLostLock(t *testing.T) {
	t.Parallel()

	t.Run("a run whose lock's connection dies is cancelled with the reason", func(t *testing.T) {
		t.Parallel()
		inside := make(chan struct{})
		h := setup(t, Job{Name: "test.hourly", Every: time.Hour, Run: func(ctx context.Context, _ Run) error {
			close(inside)
			<-ctx.Done()
			return ctx.Err()
		}})
		h.replicas[0].pings.every = 20 * time.Millisecond
		result := make(chan error, 1)
		go func() { result <- h.replicas[0].RunNow(context.Background(), "test.hourly", noon) }()
		<-inside
		h.endLockSession(t)
		select {
		case err := <-result:
			if !errors.Is(err, ErrLockLost) {
				t.Fatal(err)
			}
		case <-time.After(patience):
			t.Fatal("the run was not cancelled")
		}
		if rows := h.rows(t, "test.hourly"); rows[0].State != "failed" {
			t.Fatalf("%+v", rows)
		}
	})

	t.Run("a holder that slept through losing its lock writes nothing", func(t *testing.T) {
		t.Parallel()
		var h *room
		inside, wake := make(chan struct{}), make(chan struct{})
		h = setup(t, Job{Name: "test.hourly", Every: time.Hour, Run: func(ctx context.Context, run Run) error {
			if run.Fence.Epoch == 1 {
				close(inside)
				<-wake // frozen: it neither pings nor hears of its lock
				return write(context.WithoutCancel(ctx), h.db, run.Fence, "old", func() {})
			}
			return write(ctx, h.db, run.Fence, "new", func() {})
		}})
		h.paper(t)
		h.replicas[0].pings.every = time.Hour
		result := make(chan error, 1)
		go func() { result <- h.replicas[0].RunNow(context.Background(), "test.hourly", noon) }()
		<-inside
		h.endLockSession(t)
		h.due(t, 1, "test.hourly") // takes the unfinished run over
		close(wake)
		if err := <-result; !errors.Is(err, ErrFenced) {
			t.Fatal(err)
		}
		if lines := h.lines(t); len(lines) != 1 || lines[0] != "new" {
			t.Fatal(lines)
		}
		rows := h.rows(t, "test.hourly")
		if len(rows) != 1 || rows[0].State != "ok" || rows[0].Replica != "replica-1" || rows[0].Epoch != 2 {
			t.Fatalf("the old holder's end overwrote the new one's: %+v", rows)
		}
	})

	t.Run("a new holder waits for a transaction that already holds the fence", func(t *testing.T) {
		t.Parallel()
		var h *room
		inside, commit := make(chan struct{}), make(chan struct{})
		h = setup(t, Job{Name: "test.hourly", Every: time.Hour, Run: func(ctx context.Context, run Run) error {
			if run.Fence.Epoch == 1 {
				return write(context.WithoutCancel(ctx), h.db, run.Fence, "old", func() { close(inside); <-commit })
			}
			if lines := h.lines(t); len(lines) != 1 {
				t.Error("the new holder ran before the old one's commit")
			}
			return nil
		}})
		h.paper(t)
		h.replicas[0].pings.every = time.Hour
		old, young := make(chan error, 1), make(chan error, 1)
		go func() { old <- h.replicas[0].RunNow(context.Background(), "test.hourly", noon) }()
		<-inside
		h.endLockSession(t)
		go func() { young <- h.replicas[1].RunNow(context.Background(), "test.hourly", noon) }()
		h.eventually(t, `select exists (select from pg_stat_activity
			where datname = current_database() and wait_event_type = 'Lock' and query like '%job_fences%')`)
		close(commit)
		if err := errors.Join(<-old, <-young); err != nil {
			t.Fatal(err)
		}
	})

	t.Run("a holder that stops pinging loses its lock to the next", func(t *testing.T) {
		t.Parallel()
		inside, wake := make(chan struct{}), make(chan struct{})
		h := setup(t, Job{Name: "test.hourly", Every: time.Hour, Run: func(_ context.Context, run Run) error {
			if run.Fence.Epoch == 1 {
				close(inside)
				<-wake
			}
			return nil
		}})
		h.replicas[0].pings = pings{every: time.Hour, wait: time.Second, limit: 100 * time.Millisecond}
		result := make(chan error, 1)
		go func() { result <- h.replicas[0].RunNow(context.Background(), "test.hourly", noon) }()
		<-inside
		h.eventually(t, noLock)
		h.due(t, 1, "test.hourly")
		close(wake)
		<-result
		if rows := h.rows(t, "test.hourly"); rows[0].Replica != "replica-1" || rows[0].State != "ok" {
			t.Fatalf("%+v", rows)
		}
	})

	t.Run("the zero fence holds", func(t *testing.T) {
		t.Parallel()
		h := setup(t)
		if err := (Fence{}).Hold(context.Background(), h.db); err != nil {
			t.Fatal(err)
		}
		if err := (Fence{Job: "test.never", Epoch: 1}).Hold(context.Background(), h.db); err == nil {
			t.Fatal("held the fence of a job that never ran")
		}
	})
}

func TestRelease(t *testing.T) {
	t.Parallel()

	t.Run("a cancelled run frees its lock", func(t *testing.T) {
		t.Parallel()
		inside := make(chan struct{}, 1)
		h := setup(t, Job{Name: "test.hourly", Every: time.Hour, Run: func(ctx context.Context, _ Run) error {
			inside <- struct{}{}
			<-ctx.Done()
			return ctx.Err()
		}})
		for range 5 {
			ctx, cancel := context.WithCancel(context.Background())
			result := make(chan error, 1)
			go func() { result <- h.replicas[0].RunNow(ctx, "test.hourly", noon) }()
			<-inside
			cancel()
			if err := <-result; !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			h.eventually(t, noLock)
		}
	})

	t.Run("the session goes back without its idle limit", func(t *testing.T) {
		t.Parallel()
		h := setup(t, Job{Name: "test.hourly", Every: time.Hour, Run: func(context.Context, Run) error { return nil }})
		h.db.SetMaxOpenConns(2)
		h.due(t, 0, "test.hourly")
		for range 4 {
			var limit string
			if err := h.db.Get(&limit, `select current_setting('idle_session_timeout') || case when pg_sleep(0.01) is null then '' else '' end`); err != nil || limit != "0" {
				t.Fatal(limit, err)
			}
		}
	})
}

func TestStop(t *testing.T) {
	t.Parallel()
	const every = 50 * time.Millisecond

	t.Run("waits for the run under way and begins no other", func(t *testing.T) {
		t.Parallel()
		inside, leave := make(chan struct{}), make(chan struct{})
		first := true
		h := setup(t)
		s := h.replicas[0]
		s.now = time.Now
		s.Add(Job{Name: "test.tick", Every: every, Run: func(ctx context.Context, _ Run) error {
			if first {
				first = false
				close(inside)
				<-leave
			}
			return ctx.Err()
		}})
		ctx, cancel := context.WithCancel(context.Background())
		s.Start(ctx)
		<-inside
		cancel()
		stopped := make(chan error, 1)
		go func() { stopped <- s.Stop(context.Background()) }()
		for s.begin() { // until Stop has begun
			s.running.Done()
			time.Sleep(time.Millisecond)
		}
		select {
		case <-stopped:
			t.Fatal("stopped during a run")
		default:
		}
		close(leave)
		if err := <-stopped; err != nil {
			t.Fatal(err)
		}
		if rows := h.rows(t, "test.tick"); len(rows) != 1 || rows[0].State != "ok" {
			t.Fatalf("%+v", rows)
		}
		if err := s.RunNow(context.Background(), "test.tick", noon); err == nil {
			t.Fatal("ran after Stop")
		}
		h.eventually(t, noLock)
	})

	t.Run("cancels what is still running when the time is up, and records it", func(t *testing.T) {
		t.Parallel()
		inside := make(chan struct{})
		h := setup(t)
		s := h.replicas[0]
		s.now = time.Now
		s.Add(Job{Name: "test.tick", Every: every, Run: func(ctx context.Context, _ Run) error {
			close(inside)
			<-ctx.Done()
			return ctx.Err()
		}})
		s.Start(context.Background())
		<-inside
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
		defer cancel()
		if err := s.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		if rows := h.rows(t, "test.tick"); len(rows) != 1 || rows[0].State != "failed" {
			t.Fatalf("%+v", rows)
		}
		h.eventually(t, noLock)
	})
}
