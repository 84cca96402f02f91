package services

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"suiftly/internal/customer"
	"suiftly/internal/money"
	"suiftly/internal/pgtest"
)

// Spans against the plainest way to find them: asking of every second what held at its beginning.
func TestAccrualAgainstEverySecond(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	m, ctx := setup(t)
	if err := m.LoadPriceBook(ctx); err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 2, 28, 23, 0, 0, 0, time.UTC)
	const window = 400 // seconds
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	type times struct{ from, to int } // milliseconds; to < 0: still
	for round := range 60 {
		id := customer.ID(3000 + round)
		pgtest.Customer(t, m.kit.DB, id)
		exec := func(query string, args ...any) {
			t.Helper()
			if _, err := m.kit.DB.Exec(query, args...); err != nil {
				t.Fatal(err)
			}
		}
		saved, prices := []int{}, []money.Micros{}
		for v, ms := 1, rng.IntN(50_000); v <= 1+rng.IntN(4); v, ms = v+1, ms+rng.IntN(150_000)-500 {
			saved, prices = append(saved, ms), append(prices, money.Micros(1+rng.Int64N(1e8)))
			exec(`insert into services.config_versions (customer_id, service, version, config, price_lines, monthly_micros, price_book_id, changed_by, changed_at)
				values ($1, 'grpc', $2, '{}', '[]', $3, 1, 'test', $4)`, id, v, prices[v-1], at(ms))
		}
		exec(`insert into services.service_configs (customer_id, service, version) values ($1, 'grpc', 1)`, id)
		some := func(open bool) (all []times) {
			for ms := rng.IntN(100_000); ms < window*1000 && len(all) < 4; {
				p := times{ms, ms + rng.IntN(120_000)}
				ms = p.to + rng.IntN(60_000) - 400 // clocks differ: the next may begin before this one ended
				if open && ms >= window*1000 {
					p.to = -1
				}
				all = append(all, p)
			}
			return all
		}
		end := func(p times) any {
			if p.to < 0 {
				return nil
			}
			return at(p.to)
		}
		enabled, suspended := some(true), some(true)
		for _, p := range enabled {
			exec(`insert into services.enabled_periods (customer_id, service, enabled_at, disabled_at) values ($1, 'grpc', $2, $3)`, id, at(p.from), end(p))
		}
		for _, p := range suspended {
			exec(`insert into services.suspensions (customer_id, reason, suspended_at, resumed_at) values ($1, 'operator', $2, $3)`, id, at(p.from), end(p))
		}
		from, to := rng.IntN(window/2), window/2+rng.IntN(window/2)
		spans, err := m.Accrual(ctx, m.kit.DB, []customer.ID{id}, start.Add(time.Duration(from)*time.Second), start.Add(time.Duration(to)*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		within := func(all []times, s int) bool {
			return slices.ContainsFunc(all, func(p times) bool { return p.from/1000 <= s && (p.to < 0 || s < p.to/1000) })
		}
		for s := range window {
			want := 0
			if s >= from && s < to && within(enabled, s) && !within(suspended, s) {
				want = 1
				for v, since := 2, saved[0]/1000; v <= len(saved); v++ {
					if since = max(since, saved[v-1]/1000); since <= s {
						want = v
					}
				}
			}
			got := 0
			for _, span := range spans {
				if second := start.Add(time.Duration(s) * time.Second); !second.Before(span.From) && second.Before(span.To) {
					if got != 0 {
						t.Fatalf("round %d: second %d is in two spans", round, s)
					}
					if got = span.Version; span.Monthly != prices[got-1] {
						t.Fatalf("round %d: version %d costs %s", round, got, span.Monthly)
					}
				}
			}
			if got != want {
				t.Fatalf("round %d: second %d is of version %d, want %d\nenabled %v, suspended %v, saved %v, asked %d to %d\n%+v", round, s, got, want, enabled, suspended, saved, from, to, spans)
			}
		}
	}
}
