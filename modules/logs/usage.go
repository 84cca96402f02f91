package logs

import (
	"context"
	"fmt"
	"time"

	"suiftly/internal/customer"
	"suiftly/internal/pg"
)

// UsageHour is the metered total of one customer, service and hour: absolute, not a difference. Revision rises with every
// change, so a total that was charged and then grew can be told from one that did not.
type UsageHour struct {
	Customer customer.ID `db:"customer_id"`
	Service  string      `db:"service"`
	Hour     time.Time   `db:"hour"`     // its start, UTC
	Requests int64       `db:"requests"` // all of them
	Billable int64       `db:"billable"` // those that cost: status in the billable range
	Bytes    int64       `db:"bytes"`    // sent, of the rows that reached a backend
	Revision int64       `db:"revision"`
}

// Unbilled is a customer with hours whose total is not the one that was billed.
type Unbilled struct {
	Customer customer.ID `db:"customer_id"`
	Hours    int64
}

// UnbilledCustomers gives those, in order of id. Unattributed rows belong to nobody and never appear.
func (m *Module) UnbilledCustomers(ctx context.Context, q pg.Q) ([]Unbilled, error) {
	all, err := selectUnbilledCustomers(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("unbilled customers: %w", err)
	}
	return all, nil
}

// UnbilledHours gives the customers' unbilled hours and locks them until the caller's transaction ends: the meter waits,
// so that what is charged and what MarkBilled marks are the same total.
func (m *Module) UnbilledHours(ctx context.Context, tx pg.Q, ids ...customer.ID) ([]UsageHour, error) {
	hours, err := selectUnbilledHours(ctx, tx, ids)
	if err != nil {
		return nil, fmt.Errorf("unbilled hours: %w", err)
	}
	for i := range hours {
		hours[i].Hour = hours[i].Hour.UTC()
	}
	return hours, nil
}

// MarkBilled says that exactly these totals, at these revisions, are charged. An hour that is not there at that revision
// any more is an error, and the caller's transaction must not commit.
func (m *Module) MarkBilled(ctx context.Context, tx pg.Q, hours []UsageHour) error {
	if len(hours) == 0 {
		return nil
	}
	marked, err := updateBilled(ctx, tx, hours)
	if err != nil {
		return fmt.Errorf("mark %d hours billed: %w", len(hours), err)
	}
	if marked != int64(len(hours)) {
		return fmt.Errorf("mark %d hours billed: %d are there at these revisions", len(hours), marked)
	}
	return nil
}

// closeChunk bounds how many batches one statement reads: at 5,000 lines each, a million rows.
const closeChunk = 200

// CloseBatches marks with this billing run the metered batches none of whose hours is still to be billed. A batch stays
// open while one of its customers is parked.
func (m *Module) CloseBatches(ctx context.Context, q pg.Q, run int64) error {
	after := int64(0)
	for {
		open, err := selectOpenBatches(ctx, q, after, closeChunk)
		if err != nil {
			return fmt.Errorf("close batches of run %d: %w", run, err)
		}
		if len(open) == 0 {
			return nil
		}
		if err := updateClosed(ctx, q, run, spanOf(open)); err != nil {
			return fmt.Errorf("close batches of run %d: %w", run, err)
		}
		after = open[len(open)-1].ID
	}
}
