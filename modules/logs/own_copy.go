package logs

import (
	"context"
	"fmt"
	"time"

	"suiftly/internal/customer"
	"suiftly/internal/pg"
)

// metered is a metered hour in a customer's own copy.
type metered struct {
	Service  string    `json:"service" db:"service"`
	Hour     time.Time `json:"hour" db:"hour"`
	Requests int64     `json:"requests" db:"requests"`
	Billable int64     `json:"billable" db:"billable"`
	Bytes    int64     `json:"bytes" db:"bytes"`
}

const ownHoursSQL = `select service, hour, requests, billable, bytes
from logs.usage_hours
where customer_id = $1
order by hour, service`

// Export is every metered hour of the customer, for the customer's own copy. The single requests are not in it: there may be
// a thousand million of them, and the page of requests hands them out.
func (m *Module) Export(ctx context.Context, q pg.Q, id customer.ID) (any, error) {
	all := []metered{}
	if err := q.SelectContext(ctx, &all, ownHoursSQL, id); err != nil {
		return nil, fmt.Errorf("metered hours: %w", err)
	}
	for i := range all {
		all[i].Hour = all[i].Hour.UTC()
	}
	return map[string]any{"metered_hours": all}, nil
}
