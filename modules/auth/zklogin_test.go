package auth

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/customer"
	"suiftly/internal/fault"
	"suiftly/internal/host"
	"suiftly/internal/stepup"
	"suiftly/internal/sui"
	"suiftly/internal/sui/chain"
	"suiftly/internal/sui/suitest"
)

// network is a sui.Chain with one opinion.
type network struct {
	epoch  uint64
	proven bool
	err    error
}

func (n network) Epoch(context.Context) (uint64, error) { return n.epoch, nil }
func (n network) Proven(context.Context, sui.Address, []byte, []byte) (bool, error) {
	return n.proven, n.err
}

func (r room) zkSignIn(t *testing.T, w suitest.ZkWallet, maxEpoch uint64) (Granted, error) {
	t.Helper()
	c, preAuth, err := r.Challenge(t.Context(), w.Address().String(), "")
	if err != nil {
		t.Fatal(err)
	}
	return r.Verify(t.Context(), c.ID, c.Message, w.SignPersonalMessage(c.Message, maxEpoch), preAuth, caller)
}

func TestZkLogin(t *testing.T) {
	t.Parallel()
	alice := suitest.NewZkWallet(42)
	for name, c := range map[string]struct {
		chain sui.Chain
		want  error
	}{
		"no fullnode is configured":     {nil, sui.ErrZkLoginUnavailable},
		"the fullnodes cannot be asked": {network{epoch: 5, err: errors.New("hangs")}, sui.ErrZkLoginUnavailable},
		"the network says no":           {network{epoch: 5}, sui.ErrRefused},
		"the wallet's session is over":  {network{epoch: 11, proven: true}, sui.ErrZkLoginExpired},
		"it would last for ever":        {network{epoch: 5, proven: true}, sui.ErrRefused},
	} {
		t.Run("refused: "+name, func(t *testing.T) {
			r := setup(t)
			r.verifier.Chain = c.chain
			maxEpoch := uint64(10)
			if name == "it would last for ever" {
				maxEpoch = 5000
			}
			if _, err := r.zkSignIn(t, alice, maxEpoch); !errors.Is(err, c.want) {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("a configured fullnode that is away is 503, not 401", func(t *testing.T) {
		r := setup(t)
		c := DefaultConfig()
		c.SigningKeys, c.Fullnodes = []string{oldKey}, []chain.Node{{URL: "http://127.0.0.1:1"}}
		m, err := New(host.Kit{DB: r.kit.DB, Log: slog.New(slog.DiscardHandler), Now: r.now}, c, "https://dash.example.com")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := (room{m, r.clock}).zkSignIn(t, alice, 10); fault.Of(err).Kind != fault.Unavailable {
			t.Errorf("got %v", err)
		}
	})
	t.Run("signed in and changes signed when the network says yes", func(t *testing.T) {
		r := setup(t)
		r.verifier.Chain = network{epoch: 5, proven: true}
		g, err := r.zkSignIn(t, alice, 10)
		if err != nil || g.Customer.Address != alice.Address().String() {
			t.Fatalf("got %+v, %v", g.Customer, err)
		}
		who, err := r.Authenticate(t.Context(), g.Session.Access)
		if err != nil {
			t.Fatal(err)
		}
		ctx := customer.With(t.Context(), who)
		c, err := r.StepUp().Ask(ctx, raise)
		if err != nil {
			t.Fatal(err)
		}
		var id int64
		proof := &stepup.ChangeProof{ID: c.ID, Message: c.Message, Signature: alice.SignPersonalMessage(c.Message, 10)}
		if err := r.StepUp().Approve(ctx, raise, proof, func(_ *sqlx.Tx, evidence int64) error { id = evidence; return nil }); err != nil {
			t.Fatal(err)
		}
		e, err := r.Evidence(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if proofLeft, err := e.Verify(); err != nil || !proofLeft || e.Scheme != "zklogin" {
			t.Errorf("evidence %v, %v", proofLeft, err)
		}
		e.Address = suitest.NewZkWallet(43).Address().String()
		if _, err := e.Verify(); err == nil {
			t.Error("it holds for another address")
		}
	})
}
