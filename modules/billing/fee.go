package billing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"suiftly/internal/customer"
	"suiftly/internal/money"
	"suiftly/internal/pg"
	"suiftly/modules/services"
	"suiftly/modules/wallet"
)

const feePrefix = "fee:"

// monthOf is the first instant of t's month, UTC.
func monthOf(t time.Time) time.Time {
	y, m, _ := t.UTC().Date()
	return time.Date(y, m, 1, 0, 0, 0, 0, time.UTC)
}

// secondsOf is how many seconds a month has; no leap seconds, as in Unix time.
func secondsOf(month time.Time) int64 { return int64(month.AddDate(0, 1, 0).Sub(month) / time.Second) }

// monthKey names a month of a customer's service.
type monthKey struct {
	customer customer.ID
	service  string
	month    int64 // Unix seconds
}

// accrual is how far the plan fee of a customer's service is posted in a month.
type accrual struct {
	Customer customer.ID `db:"customer_id"`
	Service  string
	Month    time.Time
	Through  time.Time    // counted up to here
	Posted   money.Micros `db:"posted_micros"`
	Revision int
	seconds  int64
}

func (a accrual) key() monthKey { return monthKey{a.Customer, a.Service, a.Month.Unix()} }

// fee is the difference between what a month's enabled seconds cost and what was posted for them, and the new accrual.
type fee struct {
	amount money.Micros
	late   time.Time // the month that takes it, when its own is closed
	now    accrual
}

// hour is the last that the fee counts.
func (f fee) hour() time.Time { return f.now.Through.Add(-time.Second).Truncate(time.Hour) }

// cause names a fee for the ledger: fee:<customer>:<service>:<month>:<revision>.
func (f fee) cause() string {
	return fmt.Sprintf("%s%d:%s:%s:%d", feePrefix, f.now.Customer, f.now.Service, f.now.Month.Format("2006-01"), f.now.Revision)
}

// accrue counts what spans cost in each month up to at. It counts from the beginning of the month every time and rounds down
// once, so the parts of a month add up to its exact price however often and whenever they are counted, and a span that
// turned out longer or shorter needs no care. The spans of a service must be in order.
func accrue(spans []services.Span, at time.Time) (map[monthKey]accrual, error) {
	all := map[monthKey]accrual{}
	left := map[monthKey]int64{}
	for _, s := range spans {
		for from := s.From; from.Before(s.To); {
			month := monthOf(from)
			next := month.AddDate(0, 1, 0)
			to := s.To
			if next.Before(to) {
				to = next
			}
			key := monthKey{s.Customer, s.Service, month.Unix()}
			a := all[key]
			seconds := int64(to.Sub(from) / time.Second)
			cost, rest, err := (money.Rate{Micros: int64(s.Monthly), Per: secondsOf(month)}).Of(seconds, left[key])
			if err == nil {
				cost, err = a.Posted.Add(cost)
			}
			if err != nil {
				return nil, fmt.Errorf("plan fee of %s in %s: %w", s.Service, month.Format("2006-01"), errOverflow)
			}
			left[key] = rest
			through := at.Truncate(time.Second)
			if next.Before(through) {
				through = next
			}
			all[key] = accrual{s.Customer, s.Service, month, through, cost, a.Revision, a.seconds + seconds}
			from = to
		}
	}
	return all, nil
}

// due gives the fees that bring what was posted to what accrued. What another run has counted further than through is left
// alone. A service that does not accrue any more may still owe the customer something: that its last second was not one.
func due(accrued, posted map[monthKey]accrual, open map[customer.ID]time.Time) (fees []fee, err error) {
	for key, was := range posted {
		if _, ok := accrued[key]; !ok {
			gone := was
			gone.Posted, gone.seconds = 0, 0
			accrued[key] = gone
		}
	}
	for key, now := range accrued {
		was := posted[key]
		if now.Through.Before(was.Through) || now.Posted == was.Posted {
			continue
		}
		f := fee{now: now}
		if f.amount, err = now.Posted.Add(-was.Posted); err != nil {
			return nil, errOverflow
		}
		f.now.Revision = was.Revision + 1
		if first := open[now.Customer]; now.Month.Before(first) {
			f.late = first
		}
		fees = append(fees, f)
	}
	return fees, nil
}

// fees writes down what the plan fees of customers gained.
func (b *bill) fees(ctx context.Context, tx pg.Q, ids []customer.ID, open map[customer.ID]time.Time) ([]fee, error) {
	spans, err := b.m.services.Accrual(ctx, tx, ids, b.accrueFrom, b.run.At)
	if err != nil {
		return nil, err
	}
	accrued, err := accrue(spans, b.run.At)
	if err != nil {
		return nil, err
	}
	posted, err := selectAccruals(ctx, tx, ids, b.accrueFrom)
	if err != nil {
		return nil, err
	}
	fees, err := due(accrued, posted, open)
	if err != nil || len(fees) == 0 {
		return nil, err
	}
	return fees, insertFees(ctx, tx, b.run, fees)
}

// feePostings are the ledger's part of fees.
func feePostings(at time.Time, fees []fee) []wallet.Charge {
	posts := make([]wallet.Charge, len(fees))
	for i, f := range fees {
		posts[i] = wallet.Charge{Customer: f.now.Customer, Service: f.now.Service, Amount: f.amount, Cause: f.cause(), At: at}
	}
	return posts
}

// accrueFrom is how far back fees are counted again: over this month and the one before it, and over whatever no run reached.
func (m *Module) accrueFrom(ctx context.Context, at time.Time) (time.Time, error) {
	back := at
	last, err := lastBilled(ctx, m.kit.DB)
	if err == nil && last.Before(back) {
		back = last
	}
	if errors.Is(err, errNoRun) {
		return monthOf(at).AddDate(0, -1, 0), nil
	}
	return monthOf(monthOf(back).AddDate(0, 0, -1)), err
}
