package billing

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"suiftly/internal/customer"
	"suiftly/internal/money"
	"suiftly/modules/logs"
	"suiftly/modules/services"
)

func unitPrice() services.UnitPrice {
	return services.UnitPrice{PriceBook: 7, Requests: money.Flat(money.Rate{Micros: 100, Per: 1}), Bytes: money.Flat(money.Rate{Micros: 60_000, Per: 1 << 30})}
}

func priceHour(h logs.UsageHour, was metric, unit services.UnitPrice, carry carries, fell bool) ([]charge, error) {
	return price([]logs.UsageHour{h}, map[hourKey]metric{keyOf(alice, h.Service, h.Hour): was},
		map[priceKey]services.UnitPrice{priceOf(h.Service, h.Hour): unit}, nil, carry, map[customer.ID]bool{alice: fell})
}

func TestPrice(t *testing.T) {
	hour := logs.UsageHour{Customer: alice, Service: "grpc", Hour: ten, Requests: 13_000, Billable: 12_500, Bytes: 1 << 30}
	t.Run("only what was gained is charged, as the next revision", func(t *testing.T) {
		was := metric{Requests: 12_000, Billable: 12_000, Bytes: 1 << 29, Amount: 1_230_000, Revision: 4}
		got, err := priceHour(hour, was, unitPrice(), carries{}, false)
		if err != nil || len(got) != 1 {
			t.Fatal(got, err)
		}
		c := got[0]
		if c.requests != 1000 || c.billable != 500 || c.bytes != 1<<29 || c.requestsCost != 50_000 || c.bytesCost != 30_000 || c.amount != 80_000 ||
			c.priceBook != 7 || c.now.Revision != 5 || c.now.Amount != 1_310_000 || c.now.Requests != 13_000 {
			t.Fatalf("%+v", c)
		}
	})
	t.Run("an hour that gained nothing is left out", func(t *testing.T) {
		got, err := priceHour(hour, metric{Requests: 13_000, Billable: 12_500, Bytes: 1 << 30, Revision: 1}, unitPrice(), carries{}, false)
		if err != nil || len(got) != 0 {
			t.Fatal(got, err)
		}
	})
	t.Run("a total that fell is refused, and given back when that is allowed", func(t *testing.T) {
		was := metric{Requests: 13_001, Billable: 12_501, Bytes: 1 << 30, Amount: 1_310_100, Revision: 1}
		if _, err := priceHour(hour, was, unitPrice(), carries{}, false); !errors.Is(err, errFell) {
			t.Fatal(err)
		}
		got, err := priceHour(hour, was, unitPrice(), carries{}, true)
		if err != nil || got[0].amount != -100 || got[0].now.Amount != 1_310_000 {
			t.Fatal(got, err)
		}
	})
	t.Run("beyond what can be charged is an overflow, never a wrapped number", func(t *testing.T) {
		h := hour
		h.Billable, h.Requests = math.MaxInt64, math.MaxInt64
		if got, err := priceHour(h, metric{}, unitPrice(), carries{}, false); !errors.Is(err, errOverflow) {
			t.Fatal(got, err)
		}
		if got, err := priceHour(hour, metric{Amount: math.MaxInt64}, unitPrice(), carries{}, false); !errors.Is(err, errOverflow) {
			t.Fatal(got, err)
		}
	})
}

// Any split of a month's usage over hours and revisions, with hours that fall in between, costs the same to the fraction.
func TestPriceAgainstRationals(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	for range 300 {
		unit := services.UnitPrice{
			Requests: money.Flat(money.Rate{Micros: rng.Int64N(1e9), Per: 1 + rng.Int64N(1e6)}),
			Bytes:    money.Flat(money.Rate{Micros: rng.Int64N(1e6), Per: 1 + rng.Int64N(1<<40)}),
		}
		months := []time.Time{ten, ten.AddDate(0, 1, 0)}
		was := map[hourKey]metric{}
		carry := carries{}
		var charged money.Micros
		for range 1 + rng.IntN(60) {
			h := logs.UsageHour{Customer: alice, Service: "grpc", Hour: months[rng.IntN(2)].Add(time.Duration(rng.IntN(5)) * time.Hour)}
			before := was[keyOf(alice, "grpc", h.Hour)]
			gain := func(n int64) int64 { return max(0, n+rng.Int64N(1e9)-2e8) }
			h.Billable, h.Bytes = gain(before.Billable), gain(before.Bytes)
			h.Requests = h.Billable + rng.Int64N(5)
			got, err := priceHour(h, before, unit, carry, true)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range got {
				was[keyOf(alice, "grpc", h.Hour)] = c.now
				charged += c.amount
			}
		}
		exact, kept := new(big.Rat), new(big.Rat).SetInt64(int64(charged))
		var recorded money.Micros
		for _, m := range was {
			exact.Add(exact, new(big.Rat).Mul(big.NewRat(unit.Requests.Steps[0].Micros, unit.Requests.Per), new(big.Rat).SetInt64(m.Billable)))
			exact.Add(exact, new(big.Rat).Mul(big.NewRat(unit.Bytes.Steps[0].Micros, unit.Bytes.Per), new(big.Rat).SetInt64(m.Bytes)))
			recorded += m.Amount
		}
		for key, left := range carry {
			if left < 0 || left >= key.per {
				t.Fatalf("a remainder of %d in %d", left, key.per)
			}
			kept.Add(kept, big.NewRat(left, key.per))
		}
		if exact.Cmp(kept) != 0 || recorded != charged {
			t.Fatalf("charged %s and kept %s, recorded %s, exact %s", charged, kept, recorded, exact)
		}
	}
}

func TestTooMuch(t *testing.T) {
	s := Safety{Factor: 100, FloorUSD: money.Dollar, MinHours: 24}
	for _, c := range []struct {
		amount, median money.Micros
		hours          int64
		want           bool
	}{
		{100 * 50_000, 50_000, 24, false},
		{100*50_000 + 1, 50_000, 24, true},
		{100*50_000 + 1, 50_000, 23, false}, // a new customer
		{money.Dollar, 1, 168, false},       // too small to be worth a review
		{math.MaxInt64, math.MaxInt64, 168, false},
	} {
		if got := s.tooMuch(c.amount, c.median, c.hours); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
	if (Safety{Factor: 0}).tooMuch(math.MaxInt64, 1, 168) {
		t.Error("a bound that is off parked somebody")
	}
}

func TestConfig(t *testing.T) {
	if wrong := DefaultConfig().Validate(); len(wrong) > 0 {
		t.Errorf("the defaults are refused: %v", wrong)
	}
	bad := Config{Every: time.Second, Workers: 0, Safety: Safety{Factor: -1, FloorUSD: -1, MinHours: 0}}
	if wrong := bad.Validate(); len(wrong) != 5 {
		t.Errorf("%d of 5 mistakes found: %v", len(wrong), wrong)
	}
}
