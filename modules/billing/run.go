package billing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/jobs"
	"suiftly/internal/money"
	"suiftly/internal/pg"
)

// Run is the record of one billing run.
type Run struct {
	ID        int64 `db:"run_id"`
	At        time.Time
	Epoch     int64
	Replica   string
	StartedAt time.Time    `db:"started_at"`
	Finished  *time.Time   `db:"finished_at"`
	State     string       // running, done, partial (somebody was parked), failed (broke off), abandoned (its replica died)
	Customers int64        // billed
	Parked    int64        // left out: failed in this run, or waiting for a review
	Hours     int64        // (customer, service, hour)s that are billed now
	Charges   int64        // of usage
	Fees      int64        // of plans
	Amount    money.Micros `db:"amount_micros"`
	Error     string
}

const (
	stateDone    = "done"
	statePartial = "partial"
	stateFailed  = "failed"

	finishGrace = 5 * time.Second // to write down a run whose context has ended
)

// ErrParked says that a run billed what it could and left somebody out.
var ErrParked = errors.New("customers could not be billed")

// RunOnce bills every hour that began before at and whose metered total is not what was charged. Any number of runs may go
// on at the same time and charge everything once.
func (m *Module) RunOnce(ctx context.Context, at time.Time) (Run, error) {
	return m.run(ctx, at, jobs.Fence{})
}

// run does one billing run under fence:
//
//	record the run -> meter what is left -> bill every customer, all or nothing -> close batches -> record the end
//
// Every transaction holds the fence, so a holder that was replaced while it slept writes nothing.
func (m *Module) run(ctx context.Context, at time.Time, fence jobs.Fence) (Run, error) {
	r := Run{At: at.UTC(), Epoch: fence.Epoch, Replica: m.Replica, StartedAt: m.kit.Now().UTC()}
	err := m.fenced(ctx, fence, func(tx *sqlx.Tx) (err error) {
		if err = abandonRuns(ctx, tx, r); err == nil {
			r.ID, err = insertRun(ctx, tx, r)
		}
		return err
	})
	if err != nil {
		return r, fmt.Errorf("billing run of %s: %w", r.At.Format(time.RFC3339), err)
	}
	err = m.billAll(ctx, &r, fence)
	r.State = stateDone
	switch {
	case errors.Is(err, ErrParked):
		r.State = statePartial
	case err != nil:
		r.State = stateFailed
	}
	if err != nil {
		err = fmt.Errorf("billing run %d of %s: %w", r.ID, r.At.Format(time.RFC3339), err)
		r.Error = err.Error()
	}
	end := m.kit.Now().UTC()
	r.Finished = &end
	finish, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishGrace)
	defer cancel()
	return r, errors.Join(err, m.fenced(finish, fence, func(tx *sqlx.Tx) error { return updateRun(finish, tx, r) }))
}

// fenced is a transaction of whoever holds the fence.
func (m *Module) fenced(ctx context.Context, fence jobs.Fence, fn func(tx *sqlx.Tx) error) error {
	return pg.Tx(ctx, m.kit.DB, func(tx *sqlx.Tx) error {
		if err := fence.Hold(ctx, tx); err != nil {
			return err
		}
		return fn(tx)
	})
}
