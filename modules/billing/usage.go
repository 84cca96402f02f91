package billing

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/customer"
	"suiftly/internal/fault"
	"suiftly/internal/money"
)

// Used is an amount of usage and what was charged for it, and for the plan meanwhile.
type Used struct {
	Requests int64
	Billable int64
	Bytes    int64
	Amount   money.Micros `db:"amount_micros"` // plan fees included
	Plan     money.Micros `db:"plan_micros"`
}

// UsedBucket is what a service used in one hour or day, from Start on.
type UsedBucket struct {
	Start   time.Time
	Service string
	Used
}

// Usage is what was charged for a customer's usage in [From, To).
type Usage struct {
	From, To time.Time
	Through  time.Time // everything metered before this is charged; zero: no run has finished yet
	Total    Used
	Services []UsedBucket // one per service, over all of [From, To)
	Buckets  []UsedBucket // by start, then service
}

// The steps of a usage query, and how far each may reach.
const (
	stepHour = "hour"
	stepDay  = "day"

	maxHours = 31 * 24 * time.Hour
	maxDays  = 400 * 24 * time.Hour
)

// ErrBadRange names what is wrong with from, to or step.
var ErrBadRange = fault.New(fault.Invalid, "billing.bad_range", "This range cannot be shown.")

// rangeOf widens [from, to) to whole steps, in UTC.
func rangeOf(from, to time.Time, step string) (time.Time, time.Time, error) {
	size, reach := time.Hour, maxHours
	if step == stepDay {
		size, reach = 24*time.Hour, maxDays
	}
	from = from.UTC().Truncate(size)
	if whole := to.UTC().Truncate(size); whole.Equal(to) {
		to = whole
	} else {
		to = whole.Add(size)
	}
	switch {
	case !from.Before(to):
		return from, to, ErrBadRange.With(fault.Field{Name: "to", Message: "must be after from"})
	case to.Sub(from) > reach:
		return from, to, ErrBadRange.With(fault.Field{Name: "from", Message: fmt.Sprintf("is more than %d days before to, the most for step %s", int(reach.Hours()/24), step)})
	}
	return from, to, nil
}

// Usage gives what a customer used and was charged for between from and to, widened to whole hours or UTC days.
func (m *Module) Usage(ctx context.Context, id customer.ID, from, to time.Time, step string) (Usage, error) {
	from, to, err := rangeOf(from, to, step)
	if err != nil {
		return Usage{}, err
	}
	u := Usage{From: from, To: to}
	// One snapshot: a run that ends between two queries would show its amounts and not that they are billed.
	err = snapshot(ctx, m.kit.DB, func(tx *sqlx.Tx) (err error) {
		if u.Through, err = billedThrough(ctx, tx, id); err != nil {
			return err
		}
		u.Buckets, err = selectUsage(ctx, tx, id, from, to, step)
		return err
	})
	if err == nil {
		err = u.addUp()
	}
	if err != nil {
		return Usage{}, fmt.Errorf("usage of customer %d: %w", id, err)
	}
	return u, nil
}

// addUp fills Services and Total from Buckets.
func (u *Usage) addUp() (err error) {
	u.Services = []UsedBucket{}
	at := map[string]int{}
	for i := range u.Buckets {
		b := &u.Buckets[i]
		b.Start = b.Start.UTC()
		if _, ok := at[b.Service]; !ok {
			at[b.Service] = len(u.Services)
			u.Services = append(u.Services, UsedBucket{Start: u.From, Service: b.Service})
		}
		s := &u.Services[at[b.Service]]
		for _, sum := range []*Used{&s.Used, &u.Total} {
			sum.Requests += b.Requests
			sum.Billable += b.Billable
			sum.Bytes += b.Bytes
			if sum.Amount, err = sum.Amount.Add(b.Amount); err != nil {
				return err
			}
			if sum.Plan, err = sum.Plan.Add(b.Plan); err != nil {
				return err
			}
		}
	}
	return nil
}
