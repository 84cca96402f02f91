package wallet

import (
	"context"
	"errors"
	"math"
	"slices"

	"suiftly/internal/customer"
	"suiftly/internal/fault"
	"suiftly/internal/pg"
	"suiftly/internal/stepup"
)

// What keeps an account open.
var (
	ErrOwes     = fault.New(fault.Conflict, "wallet.owes", "Something is still owed. Pay it first, then close the account.")
	ErrReserved = fault.New(fault.Conflict, "wallet.reserved", "A withdrawal is under way. Wait until it is done, then close the account.")
)

// closing says what a customer with this balance gives up by closing the account, or why it cannot be closed yet.
func (b Balance) closing() ([]stepup.Fact, error) {
	switch {
	case b.Receivable > 0:
		return nil, ErrOwes
	case b.Reserved > 0:
		return nil, ErrReserved
	case b.Available > 0:
		return []stepup.Fact{{Name: "Balance given up", Value: b.Available.String() + " USD"}}, nil
	}
	return nil, nil
}

// ClosingFacts is the wallet's part of what a customer signs to close the account. Errors: ErrOwes, ErrReserved.
func (m *Module) ClosingFacts(ctx context.Context, id customer.ID) ([]stepup.Fact, error) {
	b, err := m.Balance(ctx, id)
	if err != nil {
		return nil, err
	}
	return b.closing()
}

// Close refuses to close the account of a customer who owes or is being paid, in the caller's transaction.
func (m *Module) Close(ctx context.Context, tx pg.Q, id customer.ID) error {
	b, err := lockBalance(ctx, tx, id)
	if err != nil && !errors.Is(err, errNoBalance) { // nothing was ever posted
		return err
	}
	_, err = b.closing()
	return err
}

// Export is the customer's whole ledger, oldest first, for the customer's own copy.
func (m *Module) Export(ctx context.Context, q pg.Q, id customer.ID) (any, error) {
	all, err := listTransactions(ctx, q, id, math.MaxInt64, math.MaxInt32)
	slices.Reverse(all)
	return shownTransactions(all), err
}
