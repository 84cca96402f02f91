package billing

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/customer"
	"suiftly/internal/host"
	"suiftly/internal/money"
	"suiftly/internal/pgtest"
	"suiftly/modules/logs"
	"suiftly/modules/services"
	"suiftly/modules/wallet"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const alice, bob, carol customer.ID = 1001, 1002, 1003

var (
	ctx  = context.Background()
	ten  = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	noon = ten.Add(2 * time.Hour)
)

// room is one replica, with what a test may ask of it.
type room struct {
	*Module
	t  testing.TB
	db *sqlx.DB
}

// setup gives a replica on a database of its own, with three customers.
func setup(t testing.TB, change ...func(*Config)) *room {
	t.Helper()
	db := pgtest.DB(t)
	for _, id := range []customer.ID{alice, bob, carol} {
		pgtest.Customer(t, db, id)
	}
	return on(t, db, change...)
}

// on gives one more replica on the same database.
func on(t testing.TB, db *sqlx.DB, change ...func(*Config)) *room {
	t.Helper()
	kit := host.Kit{DB: db, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return noon }}
	c := DefaultConfig()
	for _, f := range change {
		f(&c)
	}
	l := logs.DefaultConfig()
	l.Listen, l.SpoolDir = "127.0.0.1:0", t.TempDir()
	m := New(kit, c, services.New(kit, services.DefaultConfig(), nil), wallet.New(kit, wallet.DefaultConfig()), logs.New(kit, l))
	return &room{m, t, db}
}

// meter adds to an hour's total, as the meter of the logs room does.
func (r *room) meter(id customer.ID, service string, hour time.Time, requests, billable, bytes int64) {
	r.t.Helper()
	r.exec(`insert into logs.usage_hours as u (customer_id, service, hour, requests, billable, bytes, revision)
		values ($1, $2, $3, $4, $5, $6, 1)
		on conflict on constraint usage_hours_pkey do update
		set requests = u.requests + $4, billable = u.billable + $5, bytes = u.bytes + $6, revision = u.revision + 1`,
		id, service, hour, requests, billable, bytes)
}

func (r *room) exec(query string, args ...any) {
	r.t.Helper()
	if _, err := r.db.Exec(query, args...); err != nil {
		r.t.Fatalf("%s: %v", query, err)
	}
}

// run bills as of at, and expects nobody to be left out.
func (r *room) run(at time.Time) Run {
	r.t.Helper()
	run, err := r.RunOnce(ctx, at)
	if err != nil || run.State != stateDone {
		r.t.Fatalf("run: %v %+v", err, run)
	}
	return run
}

func number[T any](r *room, query string, args ...any) (n T) {
	r.t.Helper()
	if err := r.db.Get(&n, query, args...); err != nil {
		r.t.Fatalf("%s: %v", query, err)
	}
	return n
}

// owes is what a customer without credit was charged in all, by the ledger.
func (r *room) owes(id customer.ID) money.Micros {
	r.t.Helper()
	b, err := r.wallet.Balance(ctx, id)
	if err != nil || b.Available != 0 {
		r.t.Fatalf("balance: %v %+v", err, b)
	}
	return b.Receivable
}

// sound expects no finding along the whole way of the money.
func (r *room) sound() {
	r.t.Helper()
	if wrong, err := r.Check(ctx); err != nil || len(wrong) > 0 {
		r.t.Fatalf("not sound: %v %q", err, wrong)
	}
}

// state is everything that billing writes for customers, as one text: equal states, equal bills.
func (r *room) state() string {
	r.t.Helper()
	return number[string](r, `select string_agg(line, E'\n' order by line) from (
		select format('charge %s %s %s %s: %s %s %s %s %s', customer_id, service, hour, revision, requests, billable, bytes, amount_micros, cause) as line from billing.charges
		union all select format('metric %s %s %s: %s %s %s %s %s', customer_id, service, period, total_requests, billable, total_bandwidth, amount_charged, revision) from billing.usage_metrics
		union all select format('carry %s %s %s %s %s %s', customer_id, service, month, item, per, carry) from billing.carries
		union all select format('fee %s %s %s %s: %s %s %s', customer_id, service, month, revision, seconds, amount_micros, cause) from billing.fees
		union all select format('accrual %s %s %s %s: %s %s', customer_id, service, month, revision, through, posted_micros) from billing.accruals
		union all select format('ledger %s %s %s', cause, customer_id, amount_micros) from wallet.transactions
		union all select format('balance %s %s %s %s', customer_id, available_micros, reserved_micros, receivable_micros) from wallet.balances
		union all select format('hour %s %s %s %s', customer_id, service, hour, billed_revision) from logs.usage_hours
		union all select 'nothing') everything`)
}

// atOnce runs fn n times in parallel and gives the errors.
func atOnce(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = fn(i) })
	}
	wg.Wait()
	return errs
}

// breakOn makes writes to table fail for one customer, and gives what mends it.
func (r *room) breakOn(table, when string) (mend func()) {
	r.t.Helper()
	r.exec(`create or replace function public.broken() returns trigger language plpgsql as $$ begin raise exception 'broken on purpose'; end $$`)
	r.exec(fmt.Sprintf(`create trigger broken before insert or update on %s for each row when (%s) execute function public.broken()`, table, when))
	return func() { r.exec(`drop trigger broken on ` + table) }
}

// enable switches a service on for a customer at a time, with a configuration of that monthly price as its next version.
func (r *room) enable(id customer.ID, service string, monthly money.Micros, at time.Time) {
	r.t.Helper()
	r.configure(id, service, monthly, at)
	r.exec(`insert into services.enabled_periods (customer_id, service, enabled_at) values ($1, $2, $3)`, id, service, at)
}

// configure saves a configuration of that monthly price.
func (r *room) configure(id customer.ID, service string, monthly money.Micros, at time.Time) {
	r.t.Helper()
	if err := r.services.LoadPriceBook(ctx); err != nil {
		r.t.Fatal(err)
	}
	r.exec(`with saved as (
			insert into services.config_versions (customer_id, service, version, config, price_lines, monthly_micros, price_book_id, changed_by, changed_at)
			select $1, $2, coalesce(max(version), 0) + 1, '{}', '[]', $3, 1, 'test', $4
			from services.config_versions where customer_id = $1 and service = $2
			returning version)
		insert into services.service_configs (customer_id, service, version) select $1, $2, version from saved
		on conflict (customer_id, service) do update set version = excluded.version`, id, service, monthly, at)
}

// disable switches it off.
func (r *room) disable(id customer.ID, service string, at time.Time) {
	r.t.Helper()
	r.exec(`update services.enabled_periods set disabled_at = $3 where customer_id = $1 and service = $2 and disabled_at is null`, id, service, at)
}
