package auth

import (
	"context"
	"errors"
	"testing"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/fault"
	"suiftly/internal/sui"
	"suiftly/internal/sui/suitest"
)

// ownKey is sui.Aliases with one opinion about every address.
type ownKey bool

func (o ownKey) OwnKey(context.Context, sui.Address) (bool, error) { return bool(o), nil }

func TestRemovedKey(t *testing.T) {
	t.Parallel()
	r, alice := setup(t), suitest.NewWallet(1)
	r.verifier.Aliases = ownKey(true)
	ctx := r.as(t, alice)
	c, err := r.StepUp().Ask(ctx, raise)
	if err != nil {
		t.Fatal(err)
	}
	r.verifier.Aliases = ownKey(false)
	if _, err := r.trySignIn(t.Context(), alice); !errors.Is(err, sui.ErrKeyRemoved) || fault.Of(err).Kind != fault.Unauthenticated {
		t.Errorf("sign-in: %v", err)
	}
	done := func(*sqlx.Tx, int64) error { t.Error("a change is made"); return nil }
	if err := r.StepUp().Approve(ctx, raise, signed(c, alice), done); fault.Of(err).Code != sui.ErrKeyRemoved.Code || fault.Of(err).Kind != fault.Forbidden {
		t.Errorf("approval: %v", err)
	}
	without := DefaultConfig()
	without.AddressAliases = true
	if problems := without.Validate(); len(problems) != 1 {
		t.Errorf("aliases without a fullnode: %v", problems)
	}
}
