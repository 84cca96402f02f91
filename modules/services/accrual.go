package services

import (
	"context"
	"fmt"
	"time"

	"suiftly/internal/customer"
	"suiftly/internal/money"
	"suiftly/internal/pg"
)

// Span is a time in which a customer's service was enabled, not suspended, and of one configuration: what a plan fee
// accrues over.
type Span struct {
	Customer customer.ID `db:"customer_id"`
	Service  string
	Version  int          // of the configuration
	Monthly  money.Micros `db:"monthly_micros"`
	From, To time.Time    // [From, To), whole seconds, UTC
}

// Seconds is how long the span lasts.
func (s Span) Seconds() int64 { return int64(s.To.Sub(s.From) / time.Second) }

// Accrual gives the customers' spans in [from, to), by customer, service and time. No second is in two spans of a service.
// Every instant counts from the beginning of its second, so that parts add up to the whole.
func (m *Module) Accrual(ctx context.Context, q pg.Q, ids []customer.ID, from, to time.Time) ([]Span, error) {
	spans, err := selectSpans(ctx, q, ids, from, to)
	if err != nil {
		return nil, fmt.Errorf("plan fees from %s to %s: %w", from.Format(time.RFC3339), to.Format(time.RFC3339), err)
	}
	for i := range spans {
		spans[i].From, spans[i].To = spans[i].From.UTC(), spans[i].To.UTC()
	}
	return spans, nil
}

// Accruing gives the customers who had a service enabled anywhere in [from, to), and how many services each.
func (m *Module) Accruing(ctx context.Context, q pg.Q, from, to time.Time) (map[customer.ID]int64, error) {
	rows, err := selectAccruing(ctx, q, from, to)
	if err != nil {
		return nil, fmt.Errorf("who has plan fees from %s to %s: %w", from.Format(time.RFC3339), to.Format(time.RFC3339), err)
	}
	return rows, nil
}
