package billing

import (
	"context"
	"fmt"
	"time"

	"suiftly/internal/customer"
	"suiftly/internal/money"
	"suiftly/internal/pg"
)

// ownCharge is a charge in a customer's own copy.
type ownCharge struct {
	ID        int64        `json:"charge_id" db:"charge_id"`
	Service   string       `json:"service" db:"service"`
	Hour      time.Time    `json:"hour" db:"hour"`
	Revision  int          `json:"revision" db:"revision"`
	Requests  int64        `json:"requests" db:"requests"`
	Billable  int64        `json:"billable" db:"billable"`
	Bytes     int64        `json:"bytes" db:"bytes"`
	Amount    money.Micros `json:"amount_usd" db:"amount_micros"`
	PriceBook int64        `json:"price_book" db:"price_book"`
	At        time.Time    `json:"charged_at" db:"at"`
}

const ownChargesSQL = `select charge_id, service, hour, revision, requests, billable, bytes, amount_micros, price_book, at
from billing.charges
where customer_id = $1
order by charge_id`

// ownFee is a plan fee in a customer's own copy.
type ownFee struct {
	ID       int64        `json:"fee_id" db:"fee_id"`
	Service  string       `json:"service" db:"service"`
	Month    string       `json:"month" db:"month"`
	Revision int          `json:"revision" db:"revision"`
	Seconds  int64        `json:"seconds_of_month" db:"seconds"`
	Amount   money.Micros `json:"amount_usd" db:"amount_micros"`
	At       time.Time    `json:"charged_at" db:"at"`
}

const ownFeesSQL = `select fee_id, service, to_char(month, 'YYYY-MM') as month, revision, seconds, amount_micros, at
from billing.fees
where customer_id = $1
order by fee_id`

// Export is every charge and plan fee of the customer, oldest first, for the customer's own copy.
func (m *Module) Export(ctx context.Context, q pg.Q, id customer.ID) (any, error) {
	all := []ownCharge{}
	if err := q.SelectContext(ctx, &all, ownChargesSQL, id); err != nil {
		return nil, fmt.Errorf("charges: %w", err)
	}
	fees := []ownFee{}
	if err := q.SelectContext(ctx, &fees, ownFeesSQL, id); err != nil {
		return nil, fmt.Errorf("plan fees: %w", err)
	}
	for i := range fees {
		fees[i].At = fees[i].At.UTC()
	}
	for i := range all {
		all[i].Hour, all[i].At = all[i].Hour.UTC(), all[i].At.UTC()
	}
	return map[string]any{"charges": all, "plan_fees": fees}, nil
}
