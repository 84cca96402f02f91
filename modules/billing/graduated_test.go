package billing

import (
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"suiftly/internal/customer"
	"suiftly/internal/host"
	"suiftly/internal/money"
	"suiftly/modules/logs"
	"suiftly/modules/services"
)

// graduate sells grpc of r with the first million requests of a month free, the second for $100, further ones for $50.
func (r *room) graduate() {
	r.t.Helper()
	c := services.DefaultConfig()
	for i, s := range c.Catalog {
		if s.Name == "grpc" {
			c.Catalog[i].Requests = []services.RequestsConfig{{UpTo: 1_000_000, PerMillion: "0"}, {UpTo: 2_000_000, PerMillion: "100"}, {PerMillion: "50"}}
		}
	}
	if wrong := c.Validate(); len(wrong) > 0 {
		r.t.Fatal(wrong)
	}
	r.services = services.New(host.Kit{DB: r.db, Log: slog.New(slog.DiscardHandler), Now: time.Now}, c, nil)
}

func TestGraduatedPrices(t *testing.T) {
	t.Parallel()
	r := setup(t, func(c *Config) { c.Safety.Factor = 0 })
	r.graduate()
	last := november.Add(-time.Hour)
	// Late rows, runs in between and the month before: the steps are each month's own.
	for _, h := range []struct {
		hour  time.Time
		gains int64
		costs money.Micros // of the month after this
		of    time.Time
	}{
		{last, 1_500_000, 50 * money.Dollar, last},
		{november, 900_000, 0, november},
		{november.Add(time.Hour), 300_000, 20 * money.Dollar, november},
		{november, 800_000, 100 * money.Dollar, november},
		{november.Add(2 * time.Hour), 10_000, 100*money.Dollar + 500_000, november},
		{last, 1_000_000, 125 * money.Dollar, last},
	} {
		r.meter(alice, "grpc", h.hour, h.gains, h.gains, 0)
		r.run(noon)
		if got := number[money.Micros](r, `select sum(amount_charged) from billing.usage_metrics where period >= $1 and period < $2`,
			monthOf(h.of), monthOf(h.of).AddDate(0, 1, 0)); got != h.costs {
			t.Fatalf("%d more at %s: the month costs %s, want %s", h.gains, h.hour, got, h.costs)
		}
	}
	r.sound()
}

// Whatever the order and the split in which a month's usage arrives, also when totals fall, it costs what it costs at once.
func TestGraduatedInAnyOrder(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	for range 300 {
		random := func() money.Graduated {
			g := money.Graduated{Per: 1 + rng.Int64N(1e6)}
			for upTo := int64(0); rng.IntN(4) > 0; {
				upTo += 1 + rng.Int64N(1e6)
				g.Steps = append(g.Steps, money.GraduatedStep{UpTo: upTo, Micros: rng.Int64N(1e9)})
			}
			g.Steps = append(g.Steps, money.GraduatedStep{Micros: rng.Int64N(1e9)})
			return g
		}
		unit := services.UnitPrice{Requests: random(), Bytes: random()}
		key := monthKey{alice, "grpc", november.Unix()}
		had, carry := map[monthKey]units{key: {}}, carries{}
		var charged money.Micros
		hours := [5]units{}
		was := [5]metric{}
		for range 1 + rng.IntN(40) {
			i := rng.IntN(5)
			hours[i].requests = max(0, hours[i].requests+rng.Int64N(1e6)-3e5)
			hours[i].bytes = max(0, hours[i].bytes+rng.Int64N(1e6)-3e5)
			at := november.Add(time.Duration(i) * time.Hour)
			got, err := price([]logs.UsageHour{{Customer: alice, Service: "grpc", Hour: at, Requests: hours[i].requests, Billable: hours[i].requests, Bytes: hours[i].bytes}}, map[hourKey]metric{keyOf(alice, "grpc", at): was[i]},
				map[priceKey]services.UnitPrice{priceOf("grpc", at): unit}, had, carry, map[customer.ID]bool{alice: true})
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range got {
				charged += c.amount
				was[i] = c.now
			}
		}
		var all units
		for _, h := range hours {
			all.requests += h.requests
			all.bytes += h.bytes
		}
		requests, _, err := unit.Requests.Of(0, all.requests, 0)
		if err != nil {
			t.Fatal(err)
		}
		bytes, _, err := unit.Bytes.Of(0, all.bytes, 0)
		if err != nil {
			t.Fatal(err)
		}
		if charged != requests+bytes || had[key] != all {
			t.Fatalf("by parts %s of %+v, at once %s of %+v", charged, had[key], requests+bytes, all)
		}
	}
}
