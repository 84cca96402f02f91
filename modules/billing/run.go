package billing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/customer"
	"suiftly/internal/jobs"
	"suiftly/internal/money"
	"suiftly/internal/pg"
	"suiftly/modules/logs"
	"suiftly/modules/services"
	"suiftly/modules/wallet"
)

// Run is the record of one billing run.
type Run struct {
	ID        int64 `db:"run_id"`
	At        time.Time
	Epoch     int64
	Replica   string
	StartedAt time.Time  `db:"started_at"`
	Finished  *time.Time `db:"finished_at"`
	State     string     // running, done, partial (somebody was parked), failed (broke off), abandoned (its replica died)
	Customers int64      // billed
	Parked    int64      // left out: failed in this run, or waiting for a review
	Hours     int64      // (customer, service, hour)s that are billed now
	Charges   int64
	Amount    money.Micros `db:"amount_micros"`
	Error     string
}

const (
	stateDone    = "done"
	statePartial = "partial"
	stateFailed  = "failed"

	hourFormat  = "2006-01-02T15Z"
	causePrefix = "charge:"
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
//	record the run -> meter what is left -> one transaction per customer -> close batches -> record the end
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

// billAll bills the customers, several at a time, and counts into r.
func (m *Module) billAll(ctx context.Context, r *Run, fence jobs.Fence) error {
	// Before any transaction: loading it takes one of its own, and would wait for a connection that we hold.
	if err := m.services.LoadPriceBook(ctx); err != nil {
		return err
	}
	if _, err := m.logs.Meter(ctx); err != nil {
		return err
	}
	ids, err := m.logs.UnbilledCustomers(ctx, m.kit.DB)
	if err != nil {
		return err
	}
	parked, err := parkedCustomers(ctx, m.kit.DB)
	if err != nil {
		return err
	}
	for id := range parked {
		// Nothing is left to bill: a rival run did it, or the totals were mended.
		if _, unbilled := slices.BinarySearch(ids, id); !unbilled {
			if err := m.fenced(ctx, fence, func(tx *sqlx.Tx) error { return deleteParked(ctx, tx, id) }); err != nil {
				return err
			}
		}
	}
	work, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	b := &bill{m: m, run: *r, fence: fence, prepared: pg.NewPrepared(m.kit.DB), prices: map[hourKey]services.UnitPrice{}}
	defer b.prepared.Close()
	var mu sync.Mutex
	failed := 0
	queue := make(chan customer.ID)
	var workers sync.WaitGroup
	for range min(m.config.Workers, len(ids)) {
		workers.Go(func() {
			for id := range queue {
				waits, isParked := parked[id]
				if waits.Review && waits.ApprovedAt == nil {
					mu.Lock()
					r.Parked++
					mu.Unlock()
					continue
				}
				done, err := b.customer(work, id, isParked, waits.ApprovedAt != nil)
				if err != nil && !breaksRun(work, err) {
					m.kit.Log.Error("customer parked", "run", r.ID, "customer", id, "error", err)
					err = b.park(work, id, err)
					done = billed{parked: 1}
				}
				if err != nil {
					stop(err)
					continue
				}
				mu.Lock()
				failed += int(done.parked)
				r.count(done)
				mu.Unlock()
			}
		})
	}
	for _, id := range ids {
		queue <- id
	}
	close(queue)
	workers.Wait()
	if err := context.Cause(work); err != nil {
		return err
	}
	err = m.fenced(ctx, fence, func(tx *sqlx.Tx) error { return m.logs.CloseBatches(ctx, tx, r.ID) })
	if err == nil && failed > 0 {
		err = fmt.Errorf("%d %w", failed, ErrParked)
	}
	return err
}

// breaksRun tells what is nobody's fault from what one customer's data caused.
func breaksRun(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, jobs.ErrFenced) || pg.IsUnavailable(err)
}

// billed is what one customer's transaction did.
type billed struct {
	customers, parked, hours, charges int64
	amount                            money.Micros
}

func (r *Run) count(b billed) {
	r.Customers += b.customers
	r.Parked += b.parked
	r.Hours += b.hours
	r.Charges += b.charges
	r.Amount += b.amount // a sum of posted amounts for the record; nothing is charged by it
}

// bill is the work of one run.
type bill struct {
	m        *Module
	run      Run
	fence    jobs.Fence
	prepared *pg.Prepared

	mu     sync.Mutex
	prices map[hourKey]services.UnitPrice // the price of an hour never changes: asked once for all customers
}

// customer bills one customer in one transaction, all or nothing. approved: an operator looked at what is unusual.
func (b *bill) customer(ctx context.Context, id customer.ID, parked, approved bool) (done billed, err error) {
	defer func() {
		// One customer's panic is one customer's failure; on a goroutine of ours it would end the process.
		if p := recover(); p != nil {
			done, err = billed{}, fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	err = pg.Tx(ctx, b.m.kit.DB, func(plain *sqlx.Tx) error {
		tx := b.prepared.In(plain)
		if err := b.fence.Hold(ctx, tx); err != nil {
			return err
		}
		done = billed{customers: 1}
		hours, err := b.m.logs.UnbilledHours(ctx, tx, id)
		if err != nil {
			return err
		}
		hours = slices.DeleteFunc(hours, func(h logs.UsageHour) bool { return !h.Hour.Before(b.run.At) })
		if len(hours) == 0 {
			done.customers = 0
			return nil
		}
		slices.SortFunc(hours, func(a, b logs.UsageHour) int {
			return cmp.Or(a.Hour.Compare(b.Hour), cmp.Compare(a.Service, b.Service))
		})
		charges, err := b.charges(ctx, tx, id, hours, approved)
		if err != nil {
			return err
		}
		done.hours, done.charges = int64(len(hours)), int64(len(charges))
		for _, c := range charges {
			if done.amount, err = done.amount.Add(c.amount); err != nil {
				return errOverflow
			}
		}
		if err := b.m.wallet.ChargeAll(ctx, tx, id, postings(id, b.run.At, charges)); err != nil {
			return err
		}
		if parked {
			if err := deleteParked(ctx, tx, id); err != nil {
				return err
			}
		}
		return b.m.logs.MarkBilled(ctx, tx, hours)
	})
	if err != nil {
		return billed{}, err
	}
	// What is billed is billed: unprepared statements are slower, that is all.
	if err := b.prepared.Learn(ctx); err != nil && ctx.Err() == nil {
		b.m.kit.Log.Warn("billing statements stay unprepared", "error", err)
	}
	return done, nil
}

// charges prices hours and writes down what they cost.
func (b *bill) charges(ctx context.Context, tx pg.Q, id customer.ID, hours []logs.UsageHour, approved bool) ([]charge, error) {
	before, err := selectMetrics(ctx, tx, id, hours)
	if err != nil {
		return nil, err
	}
	prices, err := b.pricesOf(ctx, tx, hours)
	if err != nil {
		return nil, err
	}
	carry, err := lockCarries(ctx, tx, id, hours)
	if err != nil {
		return nil, err
	}
	charges, err := price(hours, before, prices, carry, approved)
	if err != nil || len(charges) == 0 {
		return nil, err
	}
	if !approved {
		if err := b.m.bound(ctx, tx, id, charges); err != nil {
			return nil, err
		}
	}
	if err := upsertCarries(ctx, tx, id, carry); err != nil {
		return nil, err
	}
	return charges, insertCharges(ctx, tx, id, b.run, charges)
}

// pricesOf gives the price of every hour.
func (b *bill) pricesOf(ctx context.Context, tx pg.Q, hours []logs.UsageHour) (map[hourKey]services.UnitPrice, error) {
	prices := make(map[hourKey]services.UnitPrice, len(hours))
	for _, h := range hours {
		key := keyOf(h.Service, h.Hour)
		b.mu.Lock()
		p, ok := b.prices[key]
		b.mu.Unlock()
		if !ok {
			var err error
			if p, err = b.m.services.PriceAt(ctx, tx, h.Service, h.Hour); err != nil {
				return nil, fmt.Errorf("price of %s at %s: %w", h.Service, h.Hour.Format(hourFormat), err)
			}
			b.mu.Lock()
			b.prices[key] = p
			b.mu.Unlock()
		}
		prices[key] = p
	}
	return prices, nil
}

// postings are the ledger's part of charges. A charge of nothing is recorded here and not there.
func postings(id customer.ID, at time.Time, charges []charge) []wallet.Charge {
	posts := make([]wallet.Charge, 0, len(charges))
	for _, c := range charges {
		if c.amount != 0 {
			posts = append(posts, wallet.Charge{Customer: id, Service: c.now.Service, Amount: c.amount, Cause: cause(id, c.now), At: at})
		}
	}
	return posts
}

// cause names a charge for the ledger: charge:<customer>:<service>:<hour>:<revision>.
func cause(id customer.ID, now metric) string {
	return fmt.Sprintf("%s%d:%s:%s:%d", causePrefix, id, now.Service, now.Period.UTC().Format(hourFormat), now.Revision)
}
