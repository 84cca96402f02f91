package logs

import (
	"context"
	"fmt"
	"time"

	"suiftly/internal/customer"
	"suiftly/internal/pg"
)

// Used sums the metered hours of a customer's service in [from, to): billable requests, and bytes that cost.
func (m *Module) Used(ctx context.Context, q pg.Q, id customer.ID, service string, from, to time.Time) (billable, bytes int64, err error) {
	if billable, bytes, err = selectUsed(ctx, q, id, service, from, to); err != nil {
		return 0, 0, fmt.Errorf("usage of customer %d: %w", id, err)
	}
	return billable, bytes, nil
}

const usedSQL = `select coalesce(sum(billable), 0)::bigint as billable, coalesce(sum(bytes), 0)::bigint as bytes
from logs.usage_hours
where customer_id = $1 and service = $2 and hour >= $3 and hour < $4`

func selectUsed(ctx context.Context, q pg.Q, id customer.ID, service string, from, to time.Time) (billable, bytes int64, err error) {
	var sum struct{ Billable, Bytes int64 }
	err = q.GetContext(ctx, &sum, usedSQL, id, service, from, to)
	return sum.Billable, sum.Bytes, err
}
