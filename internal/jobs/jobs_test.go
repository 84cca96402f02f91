package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/prometheus/client_golang/prometheus"

	"suiftly/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// clock is a time that a test moves by hand.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time          { return time.UnixMicro(c.at.Load()).UTC() }
func (c *clock) set(t time.Time)         { c.at.Store(t.UnixMicro()) }
func (c *clock) advance(d time.Duration) { c.at.Add(d.Microseconds()) }

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// room is a database with three replicas' schedulers on it.
type room struct {
	db       *sqlx.DB
	clock    *clock
	replicas []*Scheduler
	said     *records
}

func setup(t *testing.T, jobs ...Job) *room {
	t.Helper()
	r := &room{db: pgtest.DB(t), clock: &clock{}, said: &records{}}
	r.clock.set(noon)
	for i := range 3 {
		s := New(r.db, r.db, slog.New(r.said), r.clock.now, fmt.Sprintf("replica-%d", i))
		s.Add(jobs...)
		r.replicas = append(r.replicas, s)
	}
	return r
}

// due has one replica do what is due of the job.
func (r *room) due(t *testing.T, replica int, job string) {
	t.Helper()
	s := r.replicas[replica]
	if err := s.runDue(context.Background(), s.jobs[job]); err != nil {
		t.Fatal(err)
	}
}

type row struct {
	Due     time.Time `db:"due_at"`
	State   string    `db:"state"`
	Epoch   int64     `db:"epoch"`
	Replica string    `db:"replica"`
	Error   *string   `db:"error"`
}

func (r *room) rows(t *testing.T, job string) (rows []row) {
	t.Helper()
	err := r.db.Select(&rows, `select due_at, state, epoch, replica, error from ops.job_runs where job = $1 order by due_at`, job)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// ran collects the due times that a job was run for.
type ran struct {
	mu  sync.Mutex
	due []time.Time
}

func (r *ran) add(due time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.due = append(r.due, due)
}

func (r *ran) is(t *testing.T, want ...time.Time) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.EqualFunc(r.due, want, time.Time.Equal) {
		t.Fatalf("ran for %v, want %v", r.due, want)
	}
}

// records is a log handler that keeps what is at least a warning.
type records struct {
	mu   sync.Mutex
	said []string
}

func (*records) Enabled(context.Context, slog.Level) bool { return true }
func (r *records) WithAttrs([]slog.Attr) slog.Handler     { return r }
func (r *records) WithGroup(string) slog.Handler          { return r }
func (r *records) Handle(_ context.Context, rec slog.Record) error {
	if rec.Level >= slog.LevelWarn {
		r.mu.Lock()
		defer r.mu.Unlock()
		text := rec.Message
		rec.Attrs(func(a slog.Attr) bool { text += " " + a.String(); return true })
		r.said = append(r.said, text)
	}
	return nil
}

func (r *records) none(t *testing.T) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.said) > 0 {
		t.Fatalf("logged %q", r.said)
	}
}

func TestStatements(t *testing.T) {
	pgtest.Prepare(t, pgtest.DB(t), map[string]string{
		"newestDue": newestDue, "missedDue": missedDue, "claimRun": claimRun, "finishRun": finishRun,
		"pruneRuns": pruneRuns, "raiseEpoch": raiseEpoch, "holdEpoch": holdEpoch,
	})
}

func TestOnce(t *testing.T) {
	t.Parallel()

	t.Run("three replicas on their timers run each due time once", func(t *testing.T) {
		t.Parallel()
		var mu sync.Mutex
		count := map[time.Time]int{}
		enough := make(chan struct{})
		const every = 200 * time.Millisecond
		db, said := pgtest.DB(t), &records{}
		var all []*Scheduler
		for i := range 3 {
			s := New(db, db, slog.New(said), time.Now, fmt.Sprintf("replica-%d", i))
			s.Add(Job{Name: "test.tick", Every: every, Run: func(ctx context.Context, run Run) error {
				mu.Lock()
				defer mu.Unlock()
				if count[run.Due]++; len(count) == 5 && count[run.Due] == 1 {
					close(enough)
				}
				return nil
			}})
			s.Start(context.Background())
			all = append(all, s)
		}
		select {
		case <-enough:
		case <-time.After(20 * time.Second):
			t.Fatal("five due times did not pass in 20 s")
		}
		for _, s := range all {
			if err := s.Stop(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		for due, n := range count {
			if n != 1 || !due.Equal(due.Truncate(every)) || due.Location() != time.UTC {
				t.Errorf("due time %v was run %d times", due, n)
			}
		}
		said.none(t)
	})

	t.Run("replicas at the same moment run it once, and the losers log nothing", func(t *testing.T) {
		t.Parallel()
		var r ran
		h := setup(t, Job{Name: "test.hourly", Every: time.Hour, Run: func(_ context.Context, run Run) error {
			r.add(run.Due)
			return nil
		}})
		var wg sync.WaitGroup
		for range 5 {
			for _, s := range h.replicas {
				wg.Go(func() {
					s.mu.Lock()
					s.ctx = context.Background()
					s.mu.Unlock()
					s.tick(s.jobs["test.hourly"])
				})
			}
			wg.Wait()
			h.clock.advance(time.Hour)
		}
		r.is(t, noon, noon.Add(time.Hour), noon.Add(2*time.Hour), noon.Add(3*time.Hour), noon.Add(4*time.Hour))
		h.said.none(t)
	})

	t.Run("only the newest due time is run by a job that does not catch up", func(t *testing.T) {
		t.Parallel()
		var r ran
		h := setup(t, Job{Name: "test.hourly", Every: time.Hour, Run: func(_ context.Context, run Run) error {
			r.add(run.Due)
			return nil
		}})
		h.due(t, 0, "test.hourly")
		h.clock.advance(5*time.Hour + 10*time.Minute)
		h.due(t, 1, "test.hourly")
		h.due(t, 2, "test.hourly")
		r.is(t, noon, noon.Add(5*time.Hour))
	})

	t.Run("a job asked for by name runs again, and not beside itself", func(t *testing.T) {
		t.Parallel()
		var r ran
		inside, leave := make(chan struct{}), make(chan struct{})
		h := setup(t, Job{Name: "test.hourly", Every: time.Hour, Run: func(_ context.Context, run Run) error {
			r.add(run.Due)
			if run.Due.Equal(noon) {
				return errors.New("noon is bad")
			}
			close(inside)
			<-leave
			return nil
		}})
		ctx := context.Background()
		if err := h.replicas[0].RunNow(ctx, "test.hourly", time.Time{}); err == nil || err.Error() != "noon is bad" {
			t.Fatal(err)
		}
		other := make(chan error)
		go func() { other <- h.replicas[0].RunNow(ctx, "test.hourly", noon.Add(-time.Hour)) }()
		<-inside
		if err := h.replicas[1].RunNow(ctx, "test.hourly", noon); !errors.Is(err, ErrHeld) {
			t.Fatal(err)
		}
		close(leave)
		if err := <-other; err != nil {
			t.Fatal(err)
		}
		if err := h.replicas[1].RunNow(ctx, "no.such", noon); !errors.Is(err, ErrUnknown) {
			t.Fatal(err)
		}
		r.is(t, noon, noon.Add(-time.Hour))
	})
}

func TestFailure(t *testing.T) {
	t.Parallel()

	t.Run("a failed run is recorded, and tried again soon by whoever looks next", func(t *testing.T) {
		t.Parallel()
		var tries atomic.Int64
		h := setup(t, Job{Name: "test.hourly", Every: time.Hour, Run: func(context.Context, Run) error {
			if tries.Add(1) == 1 {
				return errors.New("not yet\x00 \xff")
			}
			return nil
		}})
		h.due(t, 0, "test.hourly")
		if rows := h.rows(t, "test.hourly"); rows[0].State != "failed" || *rows[0].Error != "not yet " {
			t.Fatalf("%+v", rows)
		}
		h.clock.advance(look)
		h.due(t, 1, "test.hourly")
		rows := h.rows(t, "test.hourly")
		if len(rows) != 1 || rows[0].State != "ok" || rows[0].Replica != "replica-1" || rows[0].Epoch != 2 || rows[0].Error != nil {
			t.Fatalf("%+v", rows)
		}
		h.clock.advance(look)
		h.due(t, 2, "test.hourly")
		if tries.Load() != 2 {
			t.Fatal("ran again after it went well")
		}
		for replica, want := range [][]string{{"test.hourly failed 1"}, {"test.hourly done 1", "test.hourly at 1795521615"}, nil} {
			if got := measured(t, h.replicas[replica]); !slices.Equal(got, want) {
				t.Errorf("replica %d measured %q", replica, got)
			}
		}
	})

	t.Run("a due time that keeps failing is tried ever more rarely and does not stop the later ones", func(t *testing.T) {
		t.Parallel()
		var bad, good atomic.Int64
		h := setup(t, Job{Name: "test.hourly", Every: time.Hour, CatchUp: true, Run: func(_ context.Context, run Run) error {
			if run.Due.Equal(noon) {
				bad.Add(1)
				return errors.New("for ever")
			}
			good.Add(1)
			return nil
		}})
		const hours = 7 * 24
		for range hours {
			h.due(t, 0, "test.hourly")
			h.clock.advance(time.Hour)
		}
		if good.Load() != hours-1 || bad.Load() < 5 || bad.Load() > 20 {
			t.Fatalf("%d later due times were run, the bad one %d times", good.Load(), bad.Load())
		}
	})

	t.Run("a panic fails the run and nothing else", func(t *testing.T) {
		t.Parallel()
		h := setup(t, Job{Name: "test.hourly", Every: time.Hour, Run: func(context.Context, Run) error { panic("ouch") }})
		h.due(t, 0, "test.hourly")
		if rows := h.rows(t, "test.hourly"); rows[0].State != "failed" {
			t.Fatalf("%+v", rows)
		}
	})

	t.Run("a run whose replica died is taken over", func(t *testing.T) {
		t.Parallel()
		var r ran
		h := setup(t, Job{Name: "test.hourly", Every: time.Hour, Run: func(_ context.Context, run Run) error {
			r.add(run.Due)
			return nil
		}})
		_, err := h.db.Exec(`
			with f as (insert into ops.job_fences (job, epoch) values ('test.hourly', 7))
			insert into ops.job_runs (job, due_at, epoch, state, replica, started_at)
			values ('test.hourly', $1, 7, 'running', 'dead', $1)`, noon)
		if err != nil {
			t.Fatal(err)
		}
		h.due(t, 0, "test.hourly")
		r.is(t, noon)
		if rows := h.rows(t, "test.hourly"); rows[0].State != "ok" || rows[0].Epoch != 8 {
			t.Fatalf("%+v", rows)
		}
	})
}

// measured is what a scraper sees of a replica's jobs.
func measured(t *testing.T, s *Scheduler) (out []string) {
	t.Helper()
	scraped := prometheus.NewRegistry()
	scraped.MustRegister(s.Metrics()...)
	families, err := scraped.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.Metric {
			if f.GetName() == "suiftly_job_duration_seconds" {
				out = append(out, fmt.Sprintf("%s %s %d", m.Label[0].GetValue(), m.Label[1].GetValue(), m.Histogram.GetSampleCount()))
				continue
			}
			out = append(out, fmt.Sprintf("%s at %.0f", m.Label[0].GetValue(), m.Gauge.GetValue()))
		}
	}
	return out
}

func TestCatchUp(t *testing.T) {
	t.Parallel()
	var r ran
	h := setup(t, Job{Name: "test.hourly", Every: time.Hour, CatchUp: true, Run: func(_ context.Context, run Run) error {
		r.add(run.Due)
		return nil
	}})
	h.due(t, 0, "test.hourly")
	r.is(t, noon) // nothing from before the job's first run
	h.clock.advance(3*time.Hour + time.Minute)
	h.due(t, 1, "test.hourly")
	r.is(t, noon, noon.Add(time.Hour), noon.Add(2*time.Hour), noon.Add(3*time.Hour))

	r.due = nil
	h.clock.advance(100 * 24 * time.Hour)
	h.due(t, 2, "test.hourly")
	if first, n := r.due[0], len(r.due); n != catchUpDays*24+1 || !first.Equal(h.clock.now().Truncate(time.Hour).AddDate(0, 0, -catchUpDays)) {
		t.Fatalf("caught up on %d due times from %v", n, first)
	}
	if !slices.IsSortedFunc(r.due, time.Time.Compare) {
		t.Fatal("not oldest first")
	}
}

func TestPrune(t *testing.T) {
	t.Parallel()
	h := setup(t, Job{Name: "test.often", Every: 5 * time.Second, Run: func(context.Context, Run) error { return nil }})
	_, err := h.db.Exec(`
		insert into ops.job_runs (job, due_at, epoch, state, replica, started_at)
		select j, $1::timestamptz - n * interval '5 seconds', 1, 'ok', 'old', $1
		from generate_series(1, 3000) n, (values ('test.often'), ('test.other')) v (j)`, noon)
	if err != nil {
		t.Fatal(err)
	}
	h.due(t, 0, "test.often")
	if n := len(h.rows(t, "test.often")); n != keepRuns+1 {
		t.Fatalf("%d runs are remembered", n)
	}
	if n := len(h.rows(t, "test.other")); n != 3000 {
		t.Fatalf("%d runs of another job are left", n)
	}
}
