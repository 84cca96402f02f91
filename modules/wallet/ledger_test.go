package wallet

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/customer"
	"suiftly/internal/host"
	"suiftly/internal/money"
	"suiftly/internal/pg"
	"suiftly/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

const alice, bob customer.ID = 1001, 1002

func setup(t *testing.T) *Module {
	t.Helper()
	db := pgtest.DB(t)
	pgtest.Customer(t, db, alice)
	pgtest.Customer(t, db, bob)
	kit := host.Kit{DB: db, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return noon }}
	return New(kit, Config{WelcomeCreditUSD: 25 * money.Dollar})
}

func (m *Module) inTx(fn func(tx pg.Q) error) error {
	return pg.Tx(context.Background(), m.kit.DB, func(tx *sqlx.Tx) error { return fn(tx) })
}

func (m *Module) charge(id customer.ID, amount money.Micros, cause string) error {
	return m.inTx(func(tx pg.Q) error {
		return m.Charge(context.Background(), tx, Charge{Customer: id, Service: "seal", Amount: amount, Cause: cause, At: noon})
	})
}

func (m *Module) credit(id customer.ID, amount money.Micros, cause string) error {
	return m.inTx(func(tx pg.Q) error {
		return m.Credit(context.Background(), tx, Credit{Customer: id, Amount: amount, Source: "promo", Cause: cause, At: noon})
	})
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func (m *Module) holds(t *testing.T, id customer.ID, want Balance) {
	t.Helper()
	got, err := m.Balance(context.Background(), id)
	if err != nil || got != want {
		t.Fatalf("customer %d holds %+v (%v), want %+v", id, got, err, want)
	}
}

func (m *Module) sound(t *testing.T) {
	t.Helper()
	if wrong, err := m.Check(context.Background()); err != nil || len(wrong) > 0 {
		t.Fatalf("the ledger is not sound: %v %q", err, wrong)
	}
}

func TestLedger(t *testing.T) {
	t.Parallel()
	t.Run("a charge draws available down to zero and owes the rest; the next credit pays that first", func(t *testing.T) {
		t.Parallel()
		m := setup(t)
		must(t, m.credit(alice, 60, "c1"), m.charge(alice, 100, "x1"))
		m.holds(t, alice, Balance{Receivable: 40})
		must(t, m.credit(alice, 30, "c2"))
		m.holds(t, alice, Balance{Receivable: 10})
		must(t, m.credit(alice, 30, "c3"))
		m.holds(t, alice, Balance{Available: 20})
		m.holds(t, bob, Balance{})
		m.sound(t)
	})
	t.Run("a negative charge gives back, debts first", func(t *testing.T) {
		t.Parallel()
		m := setup(t)
		must(t, m.charge(alice, 100, "x1"), m.charge(alice, -130, "x2"))
		m.holds(t, alice, Balance{Available: 30})
		m.sound(t)
	})
	t.Run("the same cause twice is once; with another content it is refused", func(t *testing.T) {
		t.Parallel()
		m := setup(t)
		for range 3 {
			must(t, m.credit(alice, 100, "c"), m.charge(alice, 30, "x"))
		}
		m.holds(t, alice, Balance{Available: 70})
		for name, err := range map[string]error{
			"amount":   m.charge(alice, 31, "x"),
			"kind":     m.charge(alice, -30, "x"),
			"customer": m.charge(bob, 30, "x"),
			"credit":   m.credit(alice, 30, "x"),
			"service": m.inTx(func(tx pg.Q) error {
				return m.Charge(context.Background(), tx, Charge{Customer: alice, Service: "grpc", Amount: 30, Cause: "x", At: noon})
			}),
		} {
			if !errors.Is(err, ErrCauseReused) {
				t.Errorf("other %s: %v", name, err)
			}
		}
		must(t, m.inTx(func(tx pg.Q) error {
			return m.Charge(context.Background(), tx, Charge{Customer: alice, Service: "seal", Amount: 30, Cause: "x", At: noon.Add(time.Hour)})
		}))
		m.holds(t, alice, Balance{Available: 70})
		m.sound(t)
	})
	t.Run("many charges in one call settle in order, a repeated cause among them once", func(t *testing.T) {
		t.Parallel()
		m := setup(t)
		must(t, m.credit(alice, 50, "c"))
		var charges []Charge
		for i, amount := range []money.Micros{20, 20, 20, -15, 20} {
			charges = append(charges, Charge{Customer: alice, Service: fmt.Sprintf("s%d", i%2), Amount: amount, Cause: fmt.Sprintf("x%d", i), At: noon})
		}
		charges = append(charges, charges[0])
		must(t, m.inTx(func(tx pg.Q) error { return m.ChargeAll(context.Background(), tx, charges) }))
		m.holds(t, alice, Balance{Receivable: 15})
		page, err := listTransactions(context.Background(), m.kit.DB, alice, math.MaxInt64, 10)
		if err != nil || len(page) != 6 || page[0].Cause != "x4" || page[5].Cause != "c" {
			t.Fatalf("%v %+v", err, page)
		}
		m.sound(t)
	})
	t.Run("what cannot be posted is refused and leaves nothing", func(t *testing.T) {
		t.Parallel()
		m := setup(t)
		ctx := context.Background()
		must(t, m.credit(alice, math.MaxInt64-5, "c"))
		for _, c := range []struct {
			err  error
			want error
		}{
			{m.charge(alice, 0, "zero"), ErrNoAmount},
			{m.charge(alice, 1, ""), ErrNoCause},
			{m.charge(alice, math.MinInt64, "min"), ErrOverflow},
			{m.charge(alice, -6, "back"), ErrOverflow},
			{m.credit(alice, 6, "over"), ErrOverflow},
			{m.credit(alice, -1, "negative"), ErrNoAmount},
			{m.charge(7777, 1, "nobody"), ErrNoCustomer},
		} {
			if !errors.Is(c.err, c.want) {
				t.Errorf("got %v, want %v", c.err, c.want)
			}
		}
		if err := m.inTx(func(tx pg.Q) error {
			return m.Charge(ctx, tx, Charge{Customer: alice, Amount: 1, Cause: "x", At: noon})
		}); !errors.Is(err, ErrNoCause) {
			t.Errorf("a charge without a service: %v", err)
		}
		if err := m.inTx(func(tx pg.Q) error {
			return m.Credit(ctx, tx, Credit{Customer: alice, Amount: 1, Source: "revenue", Cause: "x", At: noon})
		}); err == nil {
			t.Error("a credit from revenue was posted")
		}
		must(t, m.charge(alice, math.MaxInt64-5, "all"), m.charge(alice, math.MaxInt64, "debt"))
		if err := m.charge(alice, 1, "more debt"); !errors.Is(err, ErrOverflow) {
			t.Errorf("got %v", err)
		}
		m.holds(t, alice, Balance{Receivable: math.MaxInt64})
		m.sound(t)
	})
	t.Run("a transaction that rolls back posts nothing", func(t *testing.T) {
		t.Parallel()
		m := setup(t)
		broken := errors.New("later failure")
		err := m.inTx(func(tx pg.Q) error {
			if err := m.Charge(context.Background(), tx, Charge{Customer: alice, Service: "seal", Amount: 5, Cause: "x", At: noon}); err != nil {
				return err
			}
			return broken
		})
		if !errors.Is(err, broken) {
			t.Fatal(err)
		}
		m.holds(t, alice, Balance{})
		must(t, m.charge(alice, 5, "x"))
		m.holds(t, alice, Balance{Receivable: 5})
	})
	t.Run("a new customer is welcomed once", func(t *testing.T) {
		t.Parallel()
		m := setup(t)
		for range 2 {
			must(t, m.inTx(func(tx pg.Q) error { return m.Welcome(context.Background(), tx, alice) }))
		}
		m.holds(t, alice, Balance{Available: 25 * money.Dollar})
		m.config.WelcomeCreditUSD = 0
		must(t, m.inTx(func(tx pg.Q) error { return m.Welcome(context.Background(), tx, bob) }))
		m.holds(t, bob, Balance{})
	})
}

func TestConcurrency(t *testing.T) {
	t.Parallel()
	const clients = 64
	at64 := func(fn func(i int) error) error {
		var wg sync.WaitGroup
		errs := make([]error, clients)
		for i := range clients {
			wg.Go(func() { errs[i] = fn(i) })
		}
		wg.Wait()
		return errors.Join(errs...)
	}
	t.Run("64 clients spending one balance take it exactly, never below zero", func(t *testing.T) {
		t.Parallel()
		m := setup(t)
		must(t, m.credit(alice, 1000, "c"))
		must(t, at64(func(i int) error { return m.charge(alice, 30, fmt.Sprintf("x%d", i)) }))
		m.holds(t, alice, Balance{Receivable: 64*30 - 1000})
		m.sound(t)
	})
	t.Run("64 clients posting one cause for a customer without accounts post it once", func(t *testing.T) {
		t.Parallel()
		m := setup(t)
		must(t, at64(func(i int) error { return m.charge(alice, 30, "x") }))
		m.holds(t, alice, Balance{Receivable: 30})
		m.sound(t)
	})
	t.Run("64 clients opening services in opposite orders all get through", func(t *testing.T) {
		t.Parallel()
		m := setup(t)
		must(t, at64(func(i int) error {
			id := customer.ID(2000 + i)
			pgtest.Customer(t, m.kit.DB, id)
			a, b := "aa", "bb"
			if i%2 == 0 {
				a, b = b, a
			}
			return m.inTx(func(tx pg.Q) error {
				return m.ChargeAll(context.Background(), tx, []Charge{
					{Customer: id, Service: a, Amount: 1, Cause: fmt.Sprintf("a%d", i), At: noon},
					{Customer: id, Service: b, Amount: 1, Cause: fmt.Sprintf("b%d", i), At: noon},
				})
			})
		}))
		m.sound(t)
	})
	t.Run("one customer's open transaction does not hold up another's", func(t *testing.T) {
		t.Parallel()
		m := setup(t)
		must(t, m.charge(alice, 1, "a"), m.charge(bob, 1, "b"))
		must(t, m.inTx(func(tx pg.Q) error {
			if err := m.Charge(context.Background(), tx, Charge{Customer: alice, Service: "seal", Amount: 1, Cause: "a2", At: noon}); err != nil {
				return err
			}
			return m.charge(bob, 1, "b2")
		}))
		m.holds(t, bob, Balance{Receivable: 2})
	})
}

// model is the ledger as a sentence: a customer has one number, and a cause counts once.
type model struct {
	net    map[customer.ID]int64
	causes map[string]string
}

func TestLedgerAgainstModel(t *testing.T) {
	t.Parallel()
	m := setup(t)
	ctx := context.Background()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	want := model{map[customer.ID]int64{}, map[string]string{}}
	services := []string{"seal", "grpc", "graphql"}
	for range 120 {
		id := []customer.ID{alice, bob}[rng.IntN(2)]
		var charges []Charge
		staged := model{map[customer.ID]int64{id: want.net[id]}, map[string]string{}}
		refused := false
		apply := func(cause, content string, gain money.Micros) {
			known, ok := want.causes[cause]
			if !ok {
				known, ok = staged.causes[cause]
			}
			switch {
			case ok && known != content:
				refused = true
			case !ok:
				staged.causes[cause], staged.net[id] = content, staged.net[id]+int64(gain)
			}
		}
		giveBack := rng.IntN(4) == 0
		err := m.inTx(func(tx pg.Q) error {
			charges, refused = charges[:0], false
			staged = model{map[customer.ID]int64{id: want.net[id]}, map[string]string{}}
			for range 1 + rng.IntN(6) {
				amount := money.Micros(1 + rng.Int64N(1000))
				if giveBack {
					amount = -amount
				}
				// Causes repeat now and then, mostly with another content.
				c := Charge{Customer: id, Service: services[rng.IntN(3)], Amount: amount, Cause: fmt.Sprint("x", rng.IntN(2000)), At: noon}
				apply(c.Cause, fmt.Sprint(id, c.Service, c.Amount), -c.Amount)
				charges = append(charges, c)
				if rng.IntN(3) == 0 {
					apply(c.Cause, fmt.Sprint(id, c.Service, c.Amount), -c.Amount)
					charges = append(charges, c)
				}
			}
			if err := m.ChargeAll(ctx, tx, charges); err != nil {
				return err
			}
			amount, cause := money.Micros(1+rng.Int64N(3000)), fmt.Sprint("c", rng.IntN(300))
			apply(cause, fmt.Sprint(id, "promo", amount), amount)
			return m.Credit(ctx, tx, Credit{Customer: id, Amount: amount, Source: "promo", Cause: cause, At: noon})
		})
		if errors.Is(err, ErrCauseReused) != refused || err != nil && !refused {
			t.Fatalf("got %v, the model says refused %v", err, refused)
		}
		if err == nil {
			want.net[id] = staged.net[id]
			for cause, content := range staged.causes {
				want.causes[cause] = content
			}
		}
		got, err := m.Balance(ctx, id)
		if err != nil || int64(got.Net()) != want.net[id] || got.Available > 0 && got.Receivable > 0 {
			t.Fatalf("customer %d holds %+v (%v), the model says %d", id, got, err, want.net[id])
		}
	}
	m.sound(t)
}

func FuzzSettle(f *testing.F) {
	f.Add(int64(60), int64(0), int64(-100))
	f.Add(int64(0), int64(40), int64(30))
	f.Add(int64(math.MaxInt64), int64(0), int64(1))
	f.Add(int64(0), int64(math.MaxInt64), int64(math.MinInt64))
	f.Fuzz(func(t *testing.T, available, receivable, amount int64) {
		if available < 0 || receivable < 0 {
			return
		}
		b := Balance{Available: money.Micros(available), Receivable: money.Micros(receivable)}
		after, lines, err := b.settle(money.Micros(amount))
		if err != nil {
			if after != b || lines != nil {
				t.Fatalf("%+v, %v after %v", after, lines, err)
			}
			return
		}
		var sum money.Micros
		for _, l := range lines {
			if l.amount == 0 {
				t.Fatalf("an empty line: %v", lines)
			}
			sum += l.amount
		}
		if sum != money.Micros(amount) || after.Available < 0 || after.Receivable < 0 || after.Net()-b.Net() != money.Micros(amount) {
			t.Fatalf("%+v %+d -> %+v by %v", b, amount, after, lines)
		}
		if amount < 0 && after.Receivable > b.Receivable && after.Available > 0 || amount > 0 && after.Available > b.Available && after.Receivable > 0 {
			t.Fatalf("%+v %+d -> %+v: debt beside money that could pay it", b, amount, after)
		}
	})
}
