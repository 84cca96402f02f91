package billing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/audit"
	"suiftly/internal/customer"
	"suiftly/internal/fault"
	"suiftly/internal/pg"
	"suiftly/modules/services"
	"suiftly/modules/wallet"
)

// What an operator may be told when resuming.
var (
	ErrNotParked   = fault.New(fault.NotFound, "billing.not_parked", "This customer is not parked.")
	ErrNotInReview = fault.New(fault.Conflict, "billing.not_in_review", "This customer waits for a failure to be mended, not for a review; the next run tries again by itself.")
)

var errTooMuch = errors.New("far more than this customer's usual hour")

// history is what the safety bound looks back on.
const history = 7 * 24 * time.Hour

// Parked is a customer whom the last run could not bill.
type Parked struct {
	Customer   customer.ID `db:"customer_id"`
	Reason     string      // no_price, overflow, failed; for review: total_fell, too_much
	Detail     string
	Review     bool // waits for Resume; otherwise every run tries again
	Since      time.Time
	Tries      int
	RunID      int64      `db:"run_id"` // the last that tried
	ApprovedAt *time.Time `db:"approved_at"`
}

// reasonOf sorts an error of a customer's transaction: what is unusual waits for an operator, what failed is tried again.
func reasonOf(err error) (reason string, review bool) {
	switch {
	case errors.Is(err, errTooMuch):
		return "too_much", true
	case errors.Is(err, errFell):
		return "total_fell", true
	case errors.Is(err, services.ErrNoPrice):
		return "no_price", false
	case errors.Is(err, errOverflow), errors.Is(err, wallet.ErrOverflow):
		return "overflow", false
	}
	return "failed", false
}

// park sets a customer aside, so that the others' bills do not wait.
func (b *bill) park(ctx context.Context, id customer.ID, why error) error {
	reason, review := reasonOf(why)
	err := b.m.fenced(ctx, b.fence, func(tx *sqlx.Tx) error {
		return upsertParked(ctx, tx, Parked{
			Customer: id, Reason: reason, Detail: why.Error(), Review: review, Since: b.m.kit.Now().UTC(), RunID: b.run.ID,
		})
	})
	if err != nil {
		return fmt.Errorf("park customer %d: %w", id, err)
	}
	return nil
}

// bound looks for an hour of a service that costs far more than the customer's hours of that service in the seven days
// before. Most hours are below the floor and cost no question; the others are asked about together.
func (m *Module) bound(ctx context.Context, q pg.Q, charges []charge) error {
	large := slices.DeleteFunc(charges, func(c charge) bool { return c.now.Amount <= m.config.Safety.FloorUSD })
	if m.config.Safety.Factor == 0 || len(large) == 0 {
		return nil
	}
	past, err := selectHistories(ctx, q, large)
	if err != nil {
		return err
	}
	for i, c := range large {
		if h := past[i]; m.config.Safety.tooMuch(c.now.Amount, h.Median, h.Hours) {
			return fmt.Errorf("%s %s: %w: $%s against a median of $%s in %d hours of the 7 days before", c.now.Service,
				c.now.Period.UTC().Format(hourFormat), errTooMuch, c.now.Amount, h.Median, h.Hours)
		}
	}
	return nil
}

// Parked lists the customers who are set aside, longest first.
func (m *Module) Parked(ctx context.Context) ([]Parked, error) {
	rows, err := selectParked(ctx, m.kit.DB)
	if err != nil {
		return nil, fmt.Errorf("list parked customers: %w", err)
	}
	return rows, nil
}

// Resume says that an operator looked at a customer in review: the next run bills without the bound, and gives back where a
// total fell.
func (m *Module) Resume(ctx context.Context, id customer.ID) error {
	err := pg.Tx(ctx, m.kit.DB, func(tx *sqlx.Tx) error {
		p, err := approveParked(ctx, tx, id, m.kit.Now().UTC())
		if errors.Is(err, ErrNotParked) {
			if _, other := parkedOf(ctx, tx, id); other == nil {
				return ErrNotInReview
			}
		}
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{
			Action: "billing.resumed", Subject: "customer " + strconv.FormatInt(int64(id), 10), Customer: id,
			Detail: map[string]any{"reason": p.Reason, "detail": p.Detail},
		})
	})
	if err != nil {
		return fmt.Errorf("resume customer %d: %w", id, err)
	}
	return nil
}
