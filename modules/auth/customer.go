package auth

import (
	"context"
	"fmt"
	"time"

	"suiftly/internal/audit"
	"suiftly/internal/customer"
	"suiftly/internal/fault"
	"suiftly/internal/pg"
)

// ErrClosed refuses a sign-in with the address of an account that its owner closed.
var ErrClosed = fault.New(fault.Forbidden, "auth.account_closed", "This account is closed.")

// The states of an account.
const (
	StatusActive    = "active"
	StatusSuspended = "suspended" // may read, deposit and pay, not configure
	StatusClosed    = "closed"    // for good
)

// Customer is one account: one Sui address.
type Customer struct {
	ID              customer.ID `db:"customer_id"`
	Address         string      `db:"address"`
	Status          string      `db:"status"`
	SuspendedReason string      `db:"suspended_reason"` // empty unless suspended
	CreatedAt       time.Time   `db:"created_at"`
	Profile
}

// Customer reads an account.
func (m *Module) Customer(ctx context.Context, id customer.ID) (Customer, error) {
	c, err := customerByID(ctx, m.kit.DB, id)
	if err != nil {
		return Customer{}, fmt.Errorf("read account: %w", err)
	}
	return c, nil
}

// Known says which of the ids are accounts. The logs room asks it before it attributes a row.
func (m *Module) Known(ctx context.Context, ids []customer.ID) (map[customer.ID]bool, error) {
	found, err := customersAmong(ctx, m.kit.DB, ids)
	if err != nil {
		return nil, fmt.Errorf("look up customers: %w", err)
	}
	known := make(map[customer.ID]bool, len(found))
	for _, id := range found {
		known[id] = true
	}
	return known, nil
}

// Suspend lets an account only read, deposit and pay, in the caller's transaction. The first reason holds: suspending a
// suspended or closed account changes nothing.
func (m *Module) Suspend(ctx context.Context, tx pg.Q, id customer.ID, reason string) error {
	changed, err := suspendCustomer(ctx, tx, id, reason)
	if err != nil || !changed {
		return err
	}
	return audit.Write(ctx, tx, audit.Entry{Action: "auth.suspended", Subject: reason, Customer: id})
}

// Resume ends a suspension for that reason, and no other.
func (m *Module) Resume(ctx context.Context, tx pg.Q, id customer.ID, reason string) error {
	changed, err := resumeCustomer(ctx, tx, id, reason)
	if err != nil || !changed {
		return err
	}
	return audit.Write(ctx, tx, audit.Entry{Action: "auth.resumed", Subject: reason, Customer: id})
}
