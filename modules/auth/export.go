package auth

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"suiftly/internal/audit"
	"suiftly/internal/customer"
	"suiftly/internal/pg"
)

// ExportPart is what one room knows of a customer, for the customer's own copy.
type ExportPart struct {
	Name string
	Read func(ctx context.Context, q pg.Q, id customer.ID) (any, error)
}

// Export is everything that is kept about one customer, as of one moment.
type Export struct {
	At       time.Time
	Customer Customer
	Devices  []Device
	Signed   []Evidence
	Changes  []audit.Row
	Rooms    map[string]any
}

// Export reads the customer's own copy from one snapshot, so that its parts agree with each other.
func (m *Module) Export(ctx context.Context, id customer.ID) (Export, error) {
	e := Export{At: m.kit.Now().UTC(), Rooms: map[string]any{}}
	tx, err := m.kit.DB.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return e, fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback()
	if e.Customer, err = customerByID(ctx, tx, id); err != nil {
		return e, fmt.Errorf("export account: %w", err)
	}
	if e.Devices, err = m.Devices(ctx, tx, id); err != nil {
		return e, err
	}
	if e.Signed, err = listEvidence(ctx, tx, id); err != nil {
		return e, fmt.Errorf("export evidence: %w", err)
	}
	if e.Changes, err = audit.Of(ctx, tx, id); err != nil {
		return e, err
	}
	for _, part := range m.Exports {
		if e.Rooms[part.Name], err = part.Read(ctx, tx, id); err != nil {
			return e, fmt.Errorf("export %s: %w", part.Name, err)
		}
	}
	return e, nil
}
