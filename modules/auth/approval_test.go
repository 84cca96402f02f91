package auth

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/audit"
	"suiftly/internal/customer"
	"suiftly/internal/jobs"
	"suiftly/internal/pg"
	"suiftly/internal/stepup"
	"suiftly/internal/sui"
	"suiftly/internal/sui/suitest"
)

// as signs the wallet in and gives the context of its requests.
func (r room) as(t *testing.T, w suitest.Wallet) context.Context {
	t.Helper()
	who, err := r.Authenticate(t.Context(), r.signIn(t, w).Session.Access)
	if err != nil {
		t.Fatal(err)
	}
	return customer.With(t.Context(), who)
}

var raise = stepup.Change{
	Purpose: "wallet.raise_limit", Title: "Raise my spending limit.",
	Facts: []stepup.Fact{{Name: "Limit", Value: "250.000000 -> 500.000000 USD in 28 days"}},
}

func signed(c stepup.ChangeChallenge, w suitest.Wallet) *stepup.ChangeProof {
	return &stepup.ChangeProof{ID: c.ID, Message: c.Message, Signature: w.SignPersonalMessage(c.Message)}
}

func TestApproval(t *testing.T) {
	t.Parallel()
	alice, bob := suitest.NewWallet(1), suitest.NewWallet(2)
	nothing := func(*sqlx.Tx, int64) error { return nil }
	ask := func(t *testing.T, r room, ctx context.Context) stepup.ChangeChallenge {
		t.Helper()
		c, err := r.StepUp().Ask(ctx, raise)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	t.Run("the text says who asks, for whom, exactly what, and until when", func(t *testing.T) {
		r := setup(t)
		c := ask(t, r, r.as(t, alice))
		for _, part := range []string{
			"dash.example.com asks you to approve a change", "\n" + alice.Address().String() + "\n\nRaise my spending limit.\n\nPurpose: wallet.raise_limit\nLimit: 250.000000 -> 500.000000 USD in 28 days\n\n",
			"Chain ID: sui:testnet", "Issued At: 2026-11-24T10:00:00Z", "Expiration Time: 2026-11-24T10:05:00Z",
		} {
			if !strings.Contains(c.Message, part) {
				t.Errorf("no %q in:\n%s", part, c.Message)
			}
		}
		if strings.Contains(c.Message, sui.Purpose) {
			t.Error("it could be taken for a sign-in")
		}
	})
	t.Run("the change is made once with its evidence, which can be verified and never altered", func(t *testing.T) {
		r := setup(t)
		ctx := r.as(t, alice)
		proof := signed(ask(t, r, ctx), alice)
		var id int64
		if err := r.StepUp().Approve(ctx, raise, proof, func(_ *sqlx.Tx, evidence int64) error { id = evidence; return nil }); err != nil {
			t.Fatal(err)
		}
		e, err := r.Evidence(t.Context(), id)
		if err != nil || e.Customer != customer.From(ctx) || e.Purpose != raise.Purpose || e.Message != proof.Message || e.Scheme != "ed25519" || e.Session.String() != customer.IdentityFrom(ctx).SessionID {
			t.Fatalf("got %+v, %v", e, err)
		}
		if proofLeft, err := e.Verify(); err != nil || proofLeft {
			t.Errorf("the evidence: %v, %v", proofLeft, err)
		}
		for name, forge := range map[string]func(e *Evidence){
			"another amount": func(e *Evidence) { e.Message = strings.Replace(e.Message, "500.0", "900.0", 1) }, "another address": func(e *Evidence) { e.Address = bob.Address().String() },
			"another purpose": func(e *Evidence) { e.Purpose = "wallet.withdraw" }, "another scheme": func(e *Evidence) { e.Scheme = "passkey" },
			"another signature": func(e *Evidence) { e.Signature = bob.SignPersonalMessage(e.Message) }, "no text": func(e *Evidence) { e.Message = "" },
			"an address in the text": func(e *Evidence) { e.Message = strings.Replace(e.Message, e.Address, bob.Address().String(), 1) },
		} {
			forged := e
			forge(&forged)
			if _, err := forged.Verify(); err == nil {
				t.Errorf("%s: it holds", name)
			}
		}
		for _, sql := range []string{`update auth.evidence set message = 'x'`, `delete from auth.evidence`, `truncate auth.evidence`} {
			if _, err := r.kit.DB.Exec(sql); err == nil || !strings.Contains(err.Error(), "append-only") {
				t.Errorf("%s: %v", sql, err)
			}
		}
		if _, err := r.Evidence(t.Context(), id+1); !errors.Is(err, ErrNoEvidence) {
			t.Errorf("evidence that is not there: %v", err)
		}
		if err := r.StepUp().Approve(ctx, raise, proof, nothing); !errors.Is(err, stepup.ErrOver) {
			t.Errorf("the second time: %v", err)
		}
	})
	t.Run("of 32 uses of one signature at once one is done", func(t *testing.T) {
		r := setup(t)
		ctx := r.as(t, alice)
		proof := signed(ask(t, r, ctx), alice)
		var group sync.WaitGroup
		var done, refused atomic.Int64
		for range 32 {
			group.Go(func() {
				switch err := r.StepUp().Approve(ctx, raise, proof, nothing); {
				case err == nil:
					done.Add(1)
				case errors.Is(err, stepup.ErrOver):
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		group.Wait()
		if done.Load() != 1 || refused.Load() != 31 {
			t.Errorf("%d done, %d refused", done.Load(), refused.Load())
		}
	})
	t.Run("a change that fails keeps nothing, and the signature may be tried again", func(t *testing.T) {
		r := setup(t)
		ctx := r.as(t, alice)
		proof := signed(ask(t, r, ctx), alice)
		broke := errors.New("balance too low")
		if err := r.StepUp().Approve(ctx, raise, proof, func(*sqlx.Tx, int64) error { return broke }); !errors.Is(err, broke) {
			t.Fatalf("got %v", err)
		}
		var kept int
		if err := r.kit.DB.Get(&kept, `select count(*) from auth.evidence`); err != nil || kept != 0 {
			t.Errorf("%d kept, %v", kept, err)
		}
		if err := r.StepUp().Approve(ctx, raise, proof, nothing); err != nil {
			t.Errorf("again: %v", err)
		}
	})
	for name, c := range map[string]struct {
		want  error
		spoil func(t *testing.T, r room, ctx context.Context, proof **stepup.ChangeProof, change *stepup.Change) context.Context
	}{
		"no signature": {stepup.ErrNeeded, func(_ *testing.T, _ room, ctx context.Context, p **stepup.ChangeProof, _ *stepup.Change) context.Context {
			*p = nil
			return ctx
		}},
		"a text of our own": {stepup.ErrOver, func(_ *testing.T, _ room, ctx context.Context, p **stepup.ChangeProof, _ *stepup.Change) context.Context {
			(*p).Message += " "
			(*p).Signature = alice.SignPersonalMessage((*p).Message)
			return ctx
		}},
		"another amount": {stepup.ErrDiffers, func(_ *testing.T, _ room, ctx context.Context, _ **stepup.ChangeProof, c *stepup.Change) context.Context {
			c.Facts = []stepup.Fact{{Name: "Limit", Value: "250.000000 -> 900.000000 USD in 28 days"}}
			return ctx
		}},
		"another purpose": {stepup.ErrDiffers, func(_ *testing.T, _ room, ctx context.Context, _ **stepup.ChangeProof, c *stepup.Change) context.Context {
			c.Purpose = "wallet.withdraw"
			return ctx
		}},
		"another customer's": {stepup.ErrOver, func(t *testing.T, r room, _ context.Context, _ **stepup.ChangeProof, _ *stepup.Change) context.Context {
			return r.as(t, bob)
		}},
		"another wallet's": {sui.ErrOtherAddress, func(_ *testing.T, _ room, ctx context.Context, p **stepup.ChangeProof, _ *stepup.Change) context.Context {
			(*p).Signature = bob.SignPersonalMessage((*p).Message)
			return ctx
		}},
		"five minutes old": {stepup.ErrOver, func(_ *testing.T, r room, ctx context.Context, _ **stepup.ChangeProof, _ *stepup.Change) context.Context {
			r.later(5 * time.Minute)
			return ctx
		}},
		"a sign-in": {stepup.ErrOver, func(t *testing.T, r room, ctx context.Context, p **stepup.ChangeProof, _ *stepup.Change) context.Context {
			c, _, err := r.Challenge(ctx, alice.Address().String(), "")
			if err != nil {
				t.Fatal(err)
			}
			*p = &stepup.ChangeProof{ID: c.ID, Message: c.Message, Signature: alice.SignPersonalMessage(c.Message)}
			return ctx
		}},
	} {
		t.Run("refused: "+name, func(t *testing.T) {
			r := setup(t)
			ctx := r.as(t, alice)
			proof, change := signed(ask(t, r, ctx), alice), raise
			ctx = c.spoil(t, r, ctx, &proof, &change)
			err := r.StepUp().Approve(ctx, change, proof, func(*sqlx.Tx, int64) error { t.Error("it was done"); return nil })
			if !errors.Is(err, c.want) {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("a signed change does not sign in", func(t *testing.T) {
		r := setup(t)
		c := ask(t, r, r.as(t, alice))
		if _, err := r.Verify(t.Context(), c.ID, c.Message, alice.SignPersonalMessage(c.Message), "", caller); !errors.Is(err, ErrChallengeOver) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a text that would read as something else is a bug, not a question", func(t *testing.T) {
		for _, c := range []stepup.Change{
			{}, {Purpose: "a.b"}, {Purpose: "a.b", Title: "x\n\nURI: evil"}, {Purpose: "a.b", Title: "x", Facts: []stepup.Fact{{Name: "To", Value: "a\nAmount: 1"}}},
			{Purpose: "a.b", Title: "x", Facts: []stepup.Fact{{Name: "To: me, not", Value: "a"}}}, {Purpose: "a.b", Title: "х"}, {Purpose: "a.b", Title: strings.Repeat("x", 1600)},
		} {
			if text, err := c.Text(); err == nil {
				t.Errorf("%+v reads %q", c, text)
			}
		}
	})
	t.Run("what nobody signed is swept", func(t *testing.T) {
		r := setup(t)
		ask(t, r, r.as(t, alice))
		if err := r.sweep(t.Context(), jobs.Run{Due: r.now().Add(6 * time.Minute)}); err != nil {
			t.Fatal(err)
		}
		var left int
		if err := r.kit.DB.Get(&left, `select count(*) from auth.approval_challenges`); err != nil || left != 0 {
			t.Errorf("%d left, %v", left, err)
		}
	})
}

func TestCloseAccount(t *testing.T) {
	t.Parallel()
	alice := suitest.NewWallet(1)
	owes := errors.New("owes")
	t.Run("one signature closes the account: sessions end, the profile is emptied, nobody signs in again", func(t *testing.T) {
		r := setup(t)
		told := 0
		r.OnClose = []Closing{
			{Facts: func(context.Context, customer.ID) ([]stepup.Fact, error) {
				return []stepup.Fact{{Name: "Balance given up", Value: "25.000000 USD"}}, nil
			}},
			{Close: func(context.Context, pg.Q, customer.ID) error { told++; return nil }},
		}
		g := r.signIn(t, alice)
		ctx := r.as(t, alice)
		if _, err := r.ChangeProfile(ctx, g.Customer.ID, 1, ProfileChange{Name: ptr("Ada"), Email: ptr("ada@example.com")}); err != nil {
			t.Fatal(err)
		}
		change, err := r.closeChange(ctx, g.Customer.ID)
		if err != nil {
			t.Fatal(err)
		}
		c, err := r.askApproval(ctx, change)
		if err != nil || !strings.Contains(c.Message, "Balance given up: 25.000000 USD") {
			t.Fatalf("got %s, %v", c.Message, err)
		}
		if err := r.CloseAccount(ctx, signed(c, alice)); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Authenticate(t.Context(), g.Session.Access); !errors.Is(err, ErrSessionOver) {
			t.Errorf("another session: %v", err)
		}
		if _, err := r.trySignIn(t.Context(), alice); !errors.Is(err, ErrClosed) {
			t.Errorf("sign-in: %v", err)
		}
		after, err := r.Customer(t.Context(), g.Customer.ID)
		if err != nil || after.Status != StatusClosed || after.Name != "" || after.Email != "" || told != 1 {
			t.Errorf("left %+v, %v; other rooms told %d times", after, err, told)
		}
		rows, err := audit.Of(t.Context(), r.kit.DB, g.Customer.ID)
		if err != nil || rows[0].Action != "auth.account_closed" || !strings.Contains(string(rows[0].Detail), "evidence_id") {
			t.Errorf("audit %+v, %v", rows, err)
		}
	})
	t.Run("a room's refusal keeps it open", func(t *testing.T) {
		r := setup(t)
		r.OnClose = []Closing{{Close: func(context.Context, pg.Q, customer.ID) error { return owes }}}
		ctx := r.as(t, alice)
		change, err := r.closeChange(ctx, customer.From(ctx))
		if err != nil {
			t.Fatal(err)
		}
		c, err := r.askApproval(ctx, change)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.CloseAccount(ctx, signed(c, alice)); !errors.Is(err, owes) {
			t.Errorf("got %v", err)
		}
		if _, err := r.trySignIn(t.Context(), alice); err != nil {
			t.Error(err)
		}
	})
}

func TestExport(t *testing.T) {
	t.Parallel()
	r := setup(t)
	g, other := r.signIn(t, suitest.NewWallet(1)), r.signIn(t, suitest.NewWallet(2))
	ctx := r.as(t, suitest.NewWallet(1))
	c, err := r.StepUp().Ask(ctx, raise)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.StepUp().Approve(ctx, raise, signed(c, suitest.NewWallet(1)), func(*sqlx.Tx, int64) error { return nil }); err != nil {
		t.Fatal(err)
	}
	r.Exports = []ExportPart{{"wallet", func(_ context.Context, _ pg.Q, id customer.ID) (any, error) { return []customer.ID{id}, nil }}}
	e, err := r.Export(t.Context(), g.Customer.ID)
	if err != nil {
		t.Fatal(err)
	}
	if e.Customer.ID != g.Customer.ID || len(e.Devices) != 2 || len(e.Signed) != 1 || len(e.Changes) != 2 || e.Rooms["wallet"].([]customer.ID)[0] != g.Customer.ID {
		t.Errorf("got %+v", e)
	}
	if e, err := r.Export(t.Context(), other.Customer.ID); err != nil || len(e.Devices) != 1 || len(e.Signed) != 0 || len(e.Changes) != 1 {
		t.Errorf("the other customer's: %+v, %v", e, err)
	}
}
