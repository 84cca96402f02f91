package services

import (
	"errors"
	"reflect"
	"sync"
	"testing"
	"time"

	"suiftly/internal/pg"
	"suiftly/internal/pgtest"
)

// dearer is PB1 with seal requests at twice the price.
func dearer() Config {
	c := DefaultConfig()
	c.Catalog[0].Requests[0].PerMillion = "200"
	return c
}

func TestPriceBook(t *testing.T) {
	t.Run("five replicas that start together load one version, and a restart adds none", func(t *testing.T) {
		m, ctx := setup(t)
		var wg sync.WaitGroup
		errs := make([]error, 5)
		for i := range errs {
			wg.Go(func() { errs[i] = New(m.kit, DefaultConfig(), nil).LoadPriceBook(ctx) })
		}
		wg.Wait()
		for _, err := range errs {
			if err != nil {
				t.Error(err)
			}
		}
		if n := count(t, m, "select count(*) from services.price_book"); n != 1 {
			t.Fatalf("%d versions", n)
		}
		if n := count(t, m, "select count(*) from ops.audit where action = 'services.price_book_added' and actor <> ''"); n != 1 {
			t.Fatalf("%d audit rows", n)
		}
	})

	t.Run("a changed catalog is charged from the next full hour, what was is charged as it was", func(t *testing.T) {
		m, ctx := setup(t)
		old := must[UnitPrice](t)(m.PriceAt(ctx, m.kit.DB, "seal", time.Now()))
		before := New(m.kit, dearer(), nil)
		newer := must[UnitPrice](t)(before.PriceAt(ctx, m.kit.DB, "seal", time.Now().Add(time.Hour)))
		if old.Request.Micros != 100_000_000 || newer.Request.Micros != 200_000_000 || newer.PriceBook == old.PriceBook {
			t.Fatalf("got %+v then %+v", old, newer)
		}
		for _, at := range []time.Time{time.Now(), time.Now().Truncate(time.Hour), time.Unix(0, 0), time.Now().AddDate(-30, 0, 0)} {
			if p := must[UnitPrice](t)(before.PriceAt(ctx, m.kit.DB, "seal", at)); !reflect.DeepEqual(p, old) {
				t.Fatalf("at %s: got %+v", at, p)
			}
		}
		// Back to the old prices within the hour: the newest version of the same time holds.
		back := New(m.kit, DefaultConfig(), nil)
		if err := back.LoadPriceBook(ctx); err != nil {
			t.Fatal(err)
		}
		if p := must[UnitPrice](t)(back.PriceAt(ctx, m.kit.DB, "seal", time.Now().Add(time.Hour))); p.Request.Micros != 100_000_000 || p.PriceBook <= newer.PriceBook {
			t.Fatalf("got %+v", p)
		}
	})

	t.Run("a service new in the catalog has its price at once, one that left keeps its last", func(t *testing.T) {
		m, ctx := setup(t)
		only := DefaultConfig()
		only.Catalog = only.Catalog[:1]
		if err := New(m.kit, only, nil).LoadPriceBook(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := New(m.kit, only, nil).PriceAt(ctx, m.kit.DB, "grpc", time.Now()); !errors.Is(err, ErrNoPrice) {
			t.Fatalf("got %v", err)
		}
		added := must[UnitPrice](t)(m.PriceAt(ctx, m.kit.DB, "grpc", time.Now()))
		if err := New(m.kit, only, nil).LoadPriceBook(ctx); err != nil {
			t.Fatal(err)
		}
		if p := must[UnitPrice](t)(m.PriceAt(ctx, m.kit.DB, "grpc", time.Now().AddDate(0, 0, 3))); !reflect.DeepEqual(p, added) {
			t.Fatalf("got %+v, want %+v", p, added)
		}
	})

	t.Run("the database refuses to change the past", func(t *testing.T) {
		m, ctx := setup(t)
		if err := m.LoadPriceBook(ctx); err != nil {
			t.Fatal(err)
		}
		for _, change := range []string{
			"update services.price_book set effective_from = now() + interval '1 year'",
			"delete from services.price_book", "truncate services.price_book cascade",
		} {
			if _, err := m.kit.DB.Exec(change); !pg.Violated(err, "price_book_append_only") && !pg.Violated(err, "config_versions_append_only") {
				t.Errorf("%s: got %v", change, err)
			}
		}
		_, err := m.kit.DB.Exec(`insert into services.price_book (content, content_sha256, service_types, effective_from)
			select content, content_sha256, service_types, now() - interval '1 second' from services.price_book`)
		if !pg.Violated(err, "price_book_no_past") {
			t.Errorf("a backdated price: got %v", err)
		}
	})

	t.Run("the price is asked in the caller's transaction", func(t *testing.T) {
		m, ctx := setup(t)
		tx := pgtest.Tx(t)
		if _, err := m.PriceAt(ctx, tx, "seal", time.Now()); !errors.Is(err, ErrNoPrice) {
			t.Fatalf("another database answered: %v", err)
		}
	})
}
