package wallet

import (
	"context"
	"fmt"

	"suiftly/internal/customer"
	"suiftly/internal/money"
	"suiftly/internal/pg"
)

// Check looks for what must not be: a transaction that does not add up to zero, a balance that is not the sum of its
// postings. It gives one sentence for each (the first 20 of a sort), none when all is well.
func (m *Module) Check(ctx context.Context) ([]string, error) {
	var wrong []string
	for _, query := range []string{checkUnbalancedSQL, checkBalancesSQL} {
		rows, err := found(ctx, m.kit.DB, query)
		if err != nil {
			return nil, fmt.Errorf("check the ledger: %w", err)
		}
		wrong = append(wrong, rows...)
	}
	return wrong, nil
}

// Charged is what the ledger took from a customer for a service, all time.
type Charged struct {
	Customer customer.ID `db:"customer_id"`
	Service  string
	Charges  int64
	Amount   money.Micros `db:"amount_micros"`
	Digest   string       // a sum over (cause, amount), equal for the same set of transactions
}

// Charged sums up the charges whose cause begins with one of causePrefixes, for a room that keeps its own record of them.
func (m *Module) Charged(ctx context.Context, q pg.Q, causePrefixes ...string) ([]Charged, error) {
	sums, err := sumCharged(ctx, q, causePrefixes)
	if err != nil {
		return nil, fmt.Errorf("sum what was charged: %w", err)
	}
	return sums, nil
}
