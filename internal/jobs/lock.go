package jobs

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/pg"
)

// lockClass keeps the jobs' advisory locks apart from all others of the two-key kind.
const lockClass = 0x534a_4f42

// pings is how a lock's session is kept and watched. The server ends a session that was idle longer than limit: a frozen
// process or a cut link would hold the lock for ever.
type pings struct{ every, wait, limit time.Duration }

var usualPings = pings{every: 3 * time.Second, wait: 5 * time.Second, limit: 15 * time.Second}

const releaseWait = 3 * time.Second

// lock is a held advisory lock: a session of its own, watched by pings. ctx ends when the session does.
type lock struct {
	ctx    context.Context
	job    string
	epoch  int64
	conn   *sqlx.Conn
	stop   chan struct{}
	pinged sync.WaitGroup
	cancel context.CancelCauseFunc
}

// lock takes the job's lock on a connection of its own and raises the job's epoch, which fences off whoever held the
// lock before. ErrHeld when another session has it.
func (s *Scheduler) lock(ctx context.Context, job string) (_ *lock, err error) {
	starting, done := context.WithTimeout(ctx, startWait)
	defer done()
	conn, err := s.lockDB.Connx(starting)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", job, err)
	}
	l := &lock{job: job, conn: conn, stop: make(chan struct{})}
	var ok bool
	err = conn.GetContext(starting, &ok, `select pg_try_advisory_lock($1, hashtext($2))`, lockClass, job)
	if err != nil || !ok {
		if err != nil {
			discard(conn)
			return nil, fmt.Errorf("lock %s: %w", job, err)
		}
		conn.Close()
		return nil, ErrHeld
	}
	_, err = conn.ExecContext(starting, fmt.Sprintf(`set idle_session_timeout = %d`, s.pings.limit.Milliseconds()))
	if err == nil {
		l.epoch, err = raise(starting, conn, job)
	}
	if err != nil {
		discard(conn)
		if ctx.Err() == nil && starting.Err() != nil {
			// A transaction that still holds the fence: its run goes on, though its lock is lost.
			return nil, fmt.Errorf("lock %s: %w", job, ErrHeld)
		}
		return nil, fmt.Errorf("lock %s: %w", job, err)
	}
	l.ctx, l.cancel = context.WithCancelCause(ctx)
	l.pinged.Go(func() { l.watch(s.pings) })
	return l, nil
}

// watch pings until release, and cancels the run when the session is gone.
func (l *lock) watch(p pings) {
	tick := time.NewTicker(p.every)
	defer tick.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-tick.C:
		}
		ctx, cancel := context.WithTimeout(context.Background(), p.wait)
		_, err := l.conn.ExecContext(ctx, `select 1`)
		cancel()
		if err != nil {
			l.cancel(fmt.Errorf("%w: %w", ErrLockLost, err))
			return
		}
	}
}

// release unlocks. When the unlock is not confirmed the session is closed instead of going back to the pool: there it
// would keep the lock.
func (l *lock) release(log *slog.Logger) {
	close(l.stop)
	l.pinged.Wait()
	// The run's context may be cancelled, and the lock must be freed all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(l.ctx), releaseWait)
	defer cancel()
	var ok bool
	err := l.conn.GetContext(ctx, &ok, `select pg_advisory_unlock($1, hashtext($2))`, lockClass, l.job)
	if err == nil {
		_, err = l.conn.ExecContext(ctx, `reset idle_session_timeout`)
	}
	if err != nil || !ok {
		log.Debug("job lock's connection is discarded", "job", l.job, "unlocked", ok, "error", err)
		discard(l.conn)
	} else {
		l.conn.Close()
	}
	l.cancel(nil)
}

// discard closes the session itself; Close alone would give it back to the pool.
func discard(conn *sqlx.Conn) {
	_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	_ = conn.Close()
}

// ErrFenced says that another replica has taken the job over: this run must write nothing more.
var ErrFenced = errors.New("another replica has taken the job over")

// Fence is the proof that a run still holds its job.
type Fence struct {
	Job   string
	Epoch int64
}

// Hold checks the fence inside a writing transaction and keeps it up until that ends: a later holder waits for the
// commit, and after it took over, this transaction gets ErrFenced. Call it in every transaction in which a job writes.
// The zero Fence always holds.
func (f Fence) Hold(ctx context.Context, tx pg.Q) error {
	if f == (Fence{}) {
		return nil
	}
	epoch, err := heldEpoch(ctx, tx, f.Job)
	if err != nil {
		return err
	}
	if epoch != f.Epoch {
		return fmt.Errorf("job %s, epoch %d of %d: %w", f.Job, f.Epoch, epoch, ErrFenced)
	}
	return nil
}
