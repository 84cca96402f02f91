package services

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/customer"
	"suiftly/internal/fault"
	"suiftly/internal/host"
	"suiftly/internal/pg"
	"suiftly/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const alice, bob customer.ID = 1001, 1002

func kit(db *sqlx.DB) host.Kit {
	return host.Kit{DB: db, Log: slog.New(slog.DiscardHandler), Now: time.Now}
}

// setup gives a fresh room with two customers, and the context of the first.
func setup(t *testing.T) (*Module, context.Context) {
	t.Helper()
	t.Parallel()
	db := pgtest.DB(t)
	pgtest.Customer(t, db, alice)
	pgtest.Customer(t, db, bob)
	return New(kit(db), DefaultConfig(), nil), as(t, alice)
}

func as(t *testing.T, id customer.ID) context.Context {
	return customer.With(t.Context(), customer.Identity{ID: id})
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// atOnce runs fn ten times. Where a configuration exists several wait for it before the first may go on: whoever reads
// before its turn has read what is old when the turn comes.
func atOnce(t *testing.T, m *Module, service string, fn func(i int) error) []error {
	t.Helper()
	tx := must[*sqlx.Tx](t)(m.kit.DB.Beginx())
	defer tx.Rollback()
	_, unsaved := lockConfig(t.Context(), tx, alice, service)
	var wg sync.WaitGroup
	errs := make([]error, 10)
	for i := range errs {
		wg.Go(func() { errs[i] = fn(i) })
	}
	if unsaved == nil {
		const waitingSQL = `select count(*) from pg_locks
			where not granted and locktype = 'tuple' and database = (select oid from pg_database where datname = current_database())`
		waitFor(t, "several wait for the configuration", func() bool {
			var waiting int
			return tx.Get(&waiting, waitingSQL) == nil && waiting >= 3
		})
	}
	_ = tx.Rollback()
	wg.Wait()
	return errs
}

func count(t *testing.T, m *Module, query string, args ...any) (n int) {
	t.Helper()
	if err := m.kit.DB.Get(&n, query, args...); err != nil {
		t.Fatal(err)
	}
	return n
}

func pro() map[string]any {
	return map[string]any{"tier": "pro", "burst": true, "seal_keys": []any{5.0, 5.0}, "api_keys": 2.0}
}

func TestStatements(t *testing.T) {
	stmts := map[string]string{
		"versions": versionsSQL, "insert version": insertVersionSQL, "put current": putCurrentSQL,
		"open period": openPeriodSQL, "close period": closePeriodSQL, "suspensions": suspensionsSQL,
		"insert suspension": insertSuspensionSQL, "end suspension": endSuspensionSQL, "insert key": insertKeySQL,
		"keys": keysSQL, "key": keySQL, "expire key": expireKeySQL, "bind key": bindKeySQL, "replace key": replaceKeySQL, "replacing": replacingSQL, "rename key": renameKeySQL, "revoke key": revokeKeySQL,
		"accruing": accruingSQL, "newest book": newestBookSQL, "book": bookSQL, "edge revision": edgeRevisionSQL, "lock config": lockConfigSQL, "lock book": lockBookSQL,
	}
	files, err := fs.Glob(os.DirFS("."), "sql/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		stmts[file] = string(text)
	}
	pgtest.Prepare(t, pgtest.DB(t), stmts)
}

func TestSave(t *testing.T) {
	t.Run("a save is a new version with its price, who and when, and one audit row", func(t *testing.T) {
		m, ctx := setup(t)
		c := must[Configuration](t)(m.Save(ctx, alice, "seal", 0, pro()))
		if c.Version != 1 || c.Price.MonthlyUSD.String() != "60.000000" || len(c.Price.Lines) != 5 || c.ChangedBy != "customer:1001" || c.State() != StateOff {
			t.Fatalf("got %+v", c)
		}
		second := pro()
		second["seal_keys"], second["api_keys"] = []any{5.0, 5.0, 5.0}, 4.0
		c = must[Configuration](t)(m.Save(ctx, alice, "seal", 1, second))
		if c.Version != 2 || c.Price.MonthlyUSD.String() != "69.000000" {
			t.Fatalf("got %+v", c)
		}
		if n := count(t, m, "select count(*) from ops.audit where action = 'services.config_saved' and actor = 'customer:1001' and customer_id = 1001"); n != 2 {
			t.Fatalf("%d audit rows", n)
		}
		history := must[[]Version](t)(m.History(ctx, alice, "seal", 0, 10))
		if len(history) != 2 || history[0].Number != 2 || history[1].Price.MonthlyUSD.String() != "60.000000" || fmt.Sprint(history[1].Settings["seal_keys"]) != "[5 5]" {
			t.Fatalf("got %+v", history)
		}
		if page := must[[]Version](t)(m.History(ctx, alice, "seal", 2, 10)); len(page) != 1 || page[0].Number != 1 {
			t.Fatalf("got %+v", page)
		}
		if others := must[[]Version](t)(m.History(ctx, bob, "seal", 0, 10)); len(others) != 0 {
			t.Fatalf("bob sees %+v", others)
		}
	})

	t.Run("saving over somebody's newer version changes nothing and names it", func(t *testing.T) {
		m, ctx := setup(t)
		must[Configuration](t)(m.Save(ctx, alice, "seal", 0, pro()))
		for _, stale := range []int{0, 2, 7} {
			_, err := m.Save(ctx, alice, "seal", stale, map[string]any{"tier": "starter"})
			f := fault.Of(err)
			if !errors.Is(err, ErrConfigChanged) || len(f.Fields) != 1 || f.Fields[0] != (fault.Field{Name: "version", Message: "The current version is 1."}) {
				t.Fatalf("version %d: got %v", stale, err)
			}
		}
		if c := must[Configuration](t)(m.Configuration(ctx, m.kit.DB, alice, "seal")); c.Version != 1 || c.Settings["tier"] != "pro" {
			t.Fatalf("got %+v", c)
		}
	})

	for _, first := range []bool{true, false} {
		t.Run(fmt.Sprintf("of ten saves at once one wins (first save: %v)", first), func(t *testing.T) {
			m, ctx := setup(t)
			from := 0
			if !first {
				from = must[Configuration](t)(m.Save(ctx, alice, "grpc", 0, map[string]any{"tier": "pro"})).Version
			}
			var wg sync.WaitGroup
			errs := make([]error, 10)
			for i := range errs {
				wg.Go(func() {
					_, errs[i] = m.Save(ctx, alice, "grpc", from, map[string]any{"tier": "pro", "api_keys": 2.0 + float64(i)})
				})
			}
			wg.Wait()
			won := 0
			for _, err := range errs {
				if err == nil {
					won++
				} else if f := fault.Of(err); !errors.Is(err, ErrConfigChanged) || f.Fields[0].Message != fmt.Sprintf("The current version is %d.", from+1) {
					t.Error(err, f.Fields)
				}
			}
			if won != 1 || count(t, m, "select count(*) from services.config_versions") != from+1 {
				t.Fatalf("%d won", won)
			}
		})
	}

	t.Run("what cannot be is refused by field and nothing is kept", func(t *testing.T) {
		m, ctx := setup(t)
		_, err := m.Save(ctx, alice, "seal", 0, map[string]any{"tier": "starter", "burst": true})
		if f := fault.Of(err); f.Kind != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Name != "burst" {
			t.Fatalf("got %v", err)
		}
		if _, err := m.Save(ctx, alice, "ssh", 0, pro()); !errors.Is(err, ErrNoService) {
			t.Fatalf("got %v", err)
		}
		if n := count(t, m, "select count(*) from services.config_versions"); n != 0 {
			t.Fatalf("%d versions", n)
		}
	})

	t.Run("history cannot be rewritten", func(t *testing.T) {
		m, ctx := setup(t)
		must[Configuration](t)(m.Save(ctx, alice, "seal", 0, pro()))
		for _, change := range []string{
			"update services.config_versions set monthly_micros = 0", "delete from services.config_versions", "truncate services.config_versions cascade",
		} {
			if _, err := m.kit.DB.Exec(change); !pg.Violated(err, "config_versions_append_only") {
				t.Errorf("%s: got %v", change, err)
			}
		}
	})
}

func TestSwitch(t *testing.T) {
	t.Run("a service is enabled once, disabled once, and its periods are kept", func(t *testing.T) {
		m, ctx := setup(t)
		if _, err := m.Enable(ctx, alice, "seal"); !errors.Is(err, ErrNotConfigured) {
			t.Fatalf("got %v", err)
		}
		must[Configuration](t)(m.Save(ctx, alice, "seal", 0, pro()))
		for range 2 {
			if c := must[Configuration](t)(m.Enable(ctx, alice, "seal")); c.State() != StateEnabled {
				t.Fatalf("got %s", c.State())
			}
		}
		for range 2 {
			if c := must[Configuration](t)(m.Disable(ctx, alice, "seal")); c.State() != StateOff || c.Version != 1 {
				t.Fatalf("got %s", c.State())
			}
		}
		must[Configuration](t)(m.Enable(ctx, alice, "seal"))
		if n := count(t, m, "select count(*) from services.enabled_periods"); n != 2 {
			t.Fatalf("%d periods", n)
		}
		if n := count(t, m, "select count(*) from ops.audit where action in ('services.enabled', 'services.disabled')"); n != 3 {
			t.Fatalf("%d audit rows", n)
		}
	})

	t.Run("a suspension hides intent and gives it back; each reason ends alone", func(t *testing.T) {
		m, ctx := setup(t)
		must[Configuration](t)(m.Save(ctx, alice, "seal", 0, pro()))
		must[Configuration](t)(m.Enable(ctx, alice, "seal"))
		must[Configuration](t)(m.Save(ctx, alice, "grpc", 0, map[string]any{"tier": "pro"}))
		state := func() string {
			var states []string
			for _, c := range must[[]Configuration](t)(m.Configurations(ctx, m.kit.DB, alice)) {
				states = append(states, c.State())
			}
			return strings.Join(states, " ")
		}
		for _, reason := range []string{"nonpayment", "spending_limit", "nonpayment"} {
			if err := m.Suspend(ctx, m.kit.DB, alice, reason); err != nil {
				t.Fatal(err)
			}
		}
		if got := state(); got != "suspended off off" {
			t.Fatal(got)
		}
		if err := m.Resume(ctx, m.kit.DB, alice, "nonpayment"); err != nil || state() != "suspended off off" {
			t.Fatal(err, state())
		}
		for range 2 {
			if err := m.Resume(ctx, m.kit.DB, alice, "spending_limit"); err != nil || state() != "enabled off off" {
				t.Fatal(err, state())
			}
		}
		if n := count(t, m, "select count(*) from ops.audit where action in ('services.suspended', 'services.resumed')"); n != 4 {
			t.Fatalf("%d audit rows", n)
		}
	})
}

func TestFourthType(t *testing.T) {
	t.Run("a new service type is configuration only", func(t *testing.T) {
		m, ctx := setup(t)
		config := DefaultConfig()
		config.Catalog = append(config.Catalog, TypeConfig{
			Name: "walrus", Label: "Walrus", Requests: []RequestsConfig{{PerMillion: "250"}}, Bandwidth: []BandwidthConfig{{PerGiB: "0.01"}},
			Tiers: []TierConfig{{Name: "only", Label: "Only", Monthly: "5", GuaranteedRPS: 10}},
		})
		if problems := config.Validate(); len(problems) > 0 {
			t.Fatal(problems)
		}
		m = New(m.kit, config, nil)
		must[Configuration](t)(m.Save(ctx, alice, "walrus", 0, map[string]any{"tier": "only"}))
		must[Configuration](t)(m.Enable(ctx, alice, "walrus"))
		k, key, err := m.CreateKey(ctx, alice, "walrus", "first")
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := m.CreateKey(ctx, alice, "walrus", "second"); !errors.Is(err, ErrTooManyKeys) {
			t.Fatalf("a type without the option api_keys allows one key; got %v", err)
		}
		edge := must[EdgeMaps](t)(m.EdgeMaps(ctx))
		if want := hashKey(key) + " 1001:walrus:" + k.ID + "::11:11:0:any\n"; edge.Maps[KeysMap] != want {
			t.Fatalf("got %q", edge.Maps[KeysMap])
		}
		if p := must[UnitPrice](t)(m.PriceAt(ctx, m.kit.DB, "walrus", time.Now())); p.Request.Micros != 250_000_000 {
			t.Fatalf("got %+v", p)
		}
	})
}
