// Package jobs runs periodic work once per due time on any of N replicas: an advisory lock to be polite, a claim in
// ops.job_runs to be once, and a fencing epoch so that a holder who lost the lock can write nothing more.
package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/go-co-op/gocron/v2"
	"github.com/jmoiron/sqlx"

	"suiftly/internal/pg"
)

// Job is periodic work. Its due times are the multiples of Every in UTC (an hourly job is due on the hour). It may run
// twice for a due time, or die half way, so a second run must be harmless.
type Job struct {
	Name    string // "<room>.<what>"
	Every   time.Duration
	CatchUp bool // run every missed due time, oldest first; otherwise only the newest
	Run     func(ctx context.Context, run Run) error
}

// Run is one run of a job. Due is the job's clock: work by it, not by the time of day.
type Run struct {
	Due   time.Time
	Fence Fence
}

var (
	// ErrHeld says that another replica is running the job.
	ErrHeld = errors.New("job is running on another replica")
	// ErrLockLost is the cause of a run's cancelled context when its lock's connection died.
	ErrLockLost = errors.New("the job's lock is lost")
	// ErrUnknown says that no job of that name was added.
	ErrUnknown = errors.New("no such job")
)

const (
	// look is how often a slow job is looked at. Looking more often than it is due lets a replica that was down at the
	// hour run that hour's job soon after, and retries a failed run before the next due time.
	look = 15 * time.Second
	// startWait bounds taking the lock: a frozen holder's open transaction can block the new epoch for a while.
	startWait  = 10 * time.Second
	recordWait = 5 * time.Second
	afterDue   = 10 * time.Millisecond
)

// Scheduler runs the jobs of one replica.
type Scheduler struct {
	db, lockDB *sqlx.DB
	log        *slog.Logger
	now        func() time.Time
	replica    string
	pings      pings
	metrics    metrics

	mu      sync.Mutex
	jobs    map[string]Job
	cron    gocron.Scheduler
	ctx     context.Context
	cancel  context.CancelCauseFunc
	stopped bool
	running sync.WaitGroup
}

// New makes a scheduler that keeps its records in db. lockDB holds one connection per running job for as long as it
// runs: give it a direct address (no transaction-pooling proxy) and as many connections as there are jobs.
func New(db, lockDB *sqlx.DB, log *slog.Logger, now func() time.Time, replica string) *Scheduler {
	return &Scheduler{db: db, lockDB: lockDB, log: log, now: now, replica: replica, pings: usualPings, metrics: newMetrics(), jobs: map[string]Job{}}
}

// Add takes jobs on before Start. It panics on a job that cannot work: a mistake of the programmer.
func (s *Scheduler) Add(jobs ...Job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, j := range jobs {
		_, twice := s.jobs[j.Name]
		if j.Name == "" || j.Every <= 0 || j.Run == nil || twice || s.cron != nil {
			panic(fmt.Sprintf("jobs: %q needs a name of its own, an interval, a func, and to be added before Start", j.Name))
		}
		s.jobs[j.Name] = j
	}
}

// Start begins to look at the jobs and returns. Only Stop ends it: ctx gives its values to the runs, but its end would
// cut off a run that Stop waits for. Starting twice panics.
func (s *Scheduler) Start(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cron != nil || s.stopped {
		panic("jobs: started twice")
	}
	cron, err := gocron.NewScheduler(gocron.WithLocation(time.UTC), gocron.WithStopTimeout(time.Millisecond))
	if err != nil {
		panic(fmt.Sprintf("jobs: %v", err)) // an option is wrong
	}
	s.ctx, s.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	for _, j := range s.jobs {
		every := j.Every
		if every > time.Minute {
			every = look
		}
		// A little after the due time: a clock that is being set must not make it a little before.
		first := time.Now().UTC().Truncate(every).Add(every + afterDue)
		_, err := cron.NewJob(gocron.DurationJob(every), gocron.NewTask(func() { s.tick(j) }), gocron.WithName(j.Name),
			gocron.WithSingletonMode(gocron.LimitModeReschedule),
			gocron.WithStartAt(gocron.WithStartDateTime(first)))
		if err != nil {
			panic(fmt.Sprintf("jobs: %s: %v", j.Name, err))
		}
	}
	s.cron = cron
	cron.Start()
}

// Stop begins no new run and waits for the running ones. When ctx ends first they are cancelled, and recorded as
// failed so that another replica runs them again.
func (s *Scheduler) Stop(ctx context.Context) error {
	s.mu.Lock()
	s.stopped = true
	cron, cancel := s.cron, s.cancel
	s.mu.Unlock()
	if cron == nil {
		return nil
	}
	defer cancel(nil)
	done := make(chan struct{})
	go func() { s.running.Wait(); close(done) }()
	var err error
	select {
	case <-done:
	case <-ctx.Done():
		cancel(ctx.Err())
		err = fmt.Errorf("jobs were still running and are cancelled: %w", ctx.Err())
		select {
		case <-done:
		case <-time.After(recordWait):
		}
	}
	// After our own waiting: gocron's shutdown does not wait for tasks longer than its stop timeout.
	_ = cron.Shutdown()
	return err
}

// begin counts a run in unless Stop was called.
func (s *Scheduler) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return false
	}
	s.running.Add(1)
	return true
}

// tick runs what is due of j, if this replica gets to.
func (s *Scheduler) tick(j Job) {
	if !s.begin() {
		return
	}
	defer s.running.Done()
	ctx := s.ctx
	switch err := s.runDue(ctx, j); {
	case err == nil, errors.Is(err, ErrHeld), ctx.Err() != nil:
	case pg.IsUnavailable(err):
		s.log.Warn("job waits for the database", "job", j.Name, "error", err)
	default:
		s.log.Error("job could not start", "job", j.Name, "error", err)
	}
}

// runDue runs the due times of j that nobody has run. A failing run is recorded and logged, not returned.
func (s *Scheduler) runDue(ctx context.Context, j Job) error {
	now := s.now().UTC()
	// Looking before locking: the common answer is that there is nothing to do.
	if due, err := dueTimes(ctx, s.db, j, now); err != nil || len(due) == 0 {
		return err
	}
	l, err := s.lock(ctx, j.Name)
	if err != nil {
		return err
	}
	defer l.release(s.log)
	// Again under the lock: the holder before us may have just run it.
	due, err := dueTimes(ctx, s.db, j, now)
	if err != nil {
		return err
	}
	for _, at := range due {
		if l.ctx.Err() != nil {
			return context.Cause(l.ctx)
		}
		if _, err := s.run(l, j, at, false); err != nil {
			return err
		}
	}
	return nil
}

// RunNow runs the job for that due time (zero: the newest), also when it was run before, and returns what it returned.
// ErrHeld when another replica is at it.
func (s *Scheduler) RunNow(ctx context.Context, name string, due time.Time) error {
	s.mu.Lock()
	j, ok := s.jobs[name]
	s.mu.Unlock()
	if !ok {
		return fmt.Errorf("%w: %s", ErrUnknown, name)
	}
	if !s.begin() {
		return errors.New("jobs: stopped")
	}
	defer s.running.Done()
	if due.IsZero() {
		due = s.now().UTC().Truncate(j.Every)
	}
	l, err := s.lock(ctx, name)
	if err != nil {
		return err
	}
	defer l.release(s.log)
	failed, err := s.run(l, j, due.UTC(), true)
	return errors.Join(failed, err)
}

// run claims one due time, runs it and records the result. failed is the job's own error, err that of the record.
func (s *Scheduler) run(l *lock, j Job, due time.Time, again bool) (failed, err error) {
	began := s.now().UTC()
	claimed, err := claim(l.ctx, s.db, j.Name, due, l.epoch, s.replica, began, again)
	if err != nil || !claimed {
		return nil, err
	}
	failed = call(l.ctx, j, Run{Due: due, Fence: Fence{Job: j.Name, Epoch: l.epoch}})
	if failed != nil && l.ctx.Err() != nil {
		failed = fmt.Errorf("%w (%w)", failed, context.Cause(l.ctx))
	}
	ended := s.now().UTC()
	s.metrics.ran(j.Name, ended, ended.Sub(began), failed)
	log := s.log.With("job", j.Name, "due", due, "took", ended.Sub(began).Round(time.Millisecond))
	switch {
	case failed != nil:
		log.Error("job failed", "error", failed)
	case j.Every < time.Minute:
		log.Debug("job done")
	default:
		log.Info("job done")
	}
	// A cancelled run is recorded too, or it would look as if it were still running.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(l.ctx), recordWait)
	defer cancel()
	if err := finish(ctx, s.db, j.Name, due, l.epoch, ended, failed); err != nil {
		return failed, err
	}
	return failed, prune(ctx, s.db, j.Name, ended.Add(-keep(j)))
}

// call runs the job and makes a panic a failure of this run only.
func call(ctx context.Context, j Job, r Run) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return j.Run(ctx, r)
}
