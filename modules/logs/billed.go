package logs

import (
	"context"
	"fmt"

	"suiftly/internal/customer"
	"suiftly/internal/pg"
)

// BilledSum is what the totals of a customer's service add up to over the hours whose total is the one that was billed.
type BilledSum struct {
	Customer customer.ID `db:"customer_id"`
	Service  string
	Hours    int64
	Requests int64
	Billable int64
	Bytes    int64
}

// Billed gives those sums, and the hours that are not in them: their total changed since it was billed, or never was. For
// whoever charged them to compare with its own record; read both in one snapshot. Unattributed rows never appear.
func (m *Module) Billed(ctx context.Context, q pg.Q) (sums []BilledSum, unbilled []UsageHour, err error) {
	if sums, err = selectBilledSums(ctx, q); err == nil {
		unbilled, err = selectAllUnbilled(ctx, q)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("sum what is billed: %w", err)
	}
	return sums, unbilled, nil
}

const billedSums = `
select customer_id, service, count(*) as hours,
	sum(requests)::bigint as requests, sum(billable)::bigint as billable, sum(bytes)::bigint as bytes
from logs.usage_hours
where not unbilled
and customer_id <> 0
group by customer_id, service`

func selectBilledSums(ctx context.Context, q pg.Q) ([]BilledSum, error) {
	sums := []BilledSum{}
	err := q.SelectContext(ctx, &sums, billedSums)
	return sums, err
}

const allUnbilled = `
select customer_id, service, hour, requests, billable, bytes, revision
from logs.usage_hours
where unbilled`

func selectAllUnbilled(ctx context.Context, q pg.Q) ([]UsageHour, error) {
	hours := []UsageHour{}
	err := q.SelectContext(ctx, &hours, allUnbilled)
	return hours, err
}
