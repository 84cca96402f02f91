package auth

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/audit"
	"suiftly/internal/customer"
	"suiftly/internal/pg"
	"suiftly/internal/stepup"
)

// Closing is another room's part in closing an account. Either func may be nil.
type Closing struct {
	// Facts says what the customer gives up in that room, for the text to sign, or refuses.
	Facts func(ctx context.Context, id customer.ID) ([]stepup.Fact, error)
	// Close does the room's part in the transaction that closes the account, or refuses.
	Close func(ctx context.Context, tx pg.Q, id customer.ID) error
}

// closeChange is what a customer signs to close the account.
func (m *Module) closeChange(ctx context.Context, id customer.ID) (stepup.Change, error) {
	change := stepup.Change{
		Purpose: "auth.close_account",
		Title:   "Close my account for good: its services and API keys stop, and this address cannot sign in again.",
		Facts:   []stepup.Fact{{Name: "Customer", Value: fmt.Sprint(id)}},
	}
	for _, room := range m.OnClose {
		if room.Facts == nil {
			continue
		}
		facts, err := room.Facts(ctx, id)
		if err != nil {
			return stepup.Change{}, err
		}
		change.Facts = append(change.Facts, facts...)
	}
	return change, nil
}

// CloseAccount closes the signed-in customer's account for good and ends its sessions. What the law or the books need
// stays; the profile is emptied.
func (m *Module) CloseAccount(ctx context.Context, proof *stepup.ChangeProof) error {
	id := customer.From(ctx)
	change, err := m.closeChange(ctx, id)
	if err != nil {
		return err
	}
	var ended []string
	err = m.approve(ctx, change, proof, func(tx *sqlx.Tx, evidence int64) error {
		for _, room := range m.OnClose {
			if room.Close == nil {
				continue
			}
			if err := room.Close(ctx, tx, id); err != nil {
				return err
			}
		}
		closed, err := closeCustomer(ctx, tx, id)
		if err != nil {
			return fmt.Errorf("close account: %w", err)
		}
		if !closed {
			return ErrClosed
		}
		if ended, err = revokeAllSessions(ctx, tx, id, "account closed", m.kit.Now()); err != nil {
			return fmt.Errorf("end sessions: %w", err)
		}
		return audit.Write(ctx, tx, audit.Entry{Action: "auth.account_closed", Subject: "account", Customer: id, Detail: map[string]any{"evidence_id": evidence}})
	})
	for _, session := range ended {
		m.live.forget(session)
	}
	return err
}
