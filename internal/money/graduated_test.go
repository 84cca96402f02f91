package money_test

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"suiftly/internal/money"
)

// exact is the oracle: what the units above from, up to to, cost.
func exact(g money.Graduated, from, to int64) *big.Rat {
	sum, begin := new(big.Rat), int64(0)
	for i, s := range g.Steps {
		end := s.UpTo
		if i == len(g.Steps)-1 {
			end = math.MaxInt64
		}
		if n := min(to, end) - max(from, begin); n > 0 {
			units := new(big.Int).Mul(big.NewInt(n), big.NewInt(s.Micros))
			sum.Add(sum, new(big.Rat).SetFrac(units, big.NewInt(g.Per)))
		}
		begin = end
	}
	return sum
}

func TestGraduated(t *testing.T) {
	free := money.Graduated{Per: 1_000_000, Steps: []money.GraduatedStep{{UpTo: 1_000_000}, {Micros: 100_000_000}}}
	for name, c := range map[string]struct {
		from, to int64
		want     money.Micros
	}{
		"inside the free million":   {0, 1_000_000, 0},
		"the first that costs":      {1_000_000, 1_000_001, 100},
		"over the edge":             {999_990, 1_000_010, 1_000},
		"two million":               {0, 2_000_000, 100_000_000},
		"back over the edge":        {1_000_010, 999_990, -1_000},
		"nowhere":                   {5, 5, 0},
		"back inside the free part": {10, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got, left, err := free.Of(c.from, c.to, 0); got != c.want || left != 0 || err != nil {
				t.Fatalf("got %d, %d, %v", got, left, err)
			}
		})
	}

	t.Run("any walk over the units costs its exact price, to the last fraction", func(t *testing.T) {
		rng := rand.New(rand.NewPCG(5, 6))
		for range 3000 {
			g := money.Graduated{Per: []int64{1, 7, 1_000_000, 1 << 30}[rng.IntN(4)]}
			end := int64(0)
			for range rng.IntN(4) {
				end += 1 + rng.Int64N(1<<rng.IntN(31))
				g.Steps = append(g.Steps, money.GraduatedStep{UpTo: end, Micros: rng.Int64N(1 << rng.IntN(27))})
			}
			g.Steps = append(g.Steps, money.GraduatedStep{Micros: rng.Int64N(1 << rng.IntN(27))})
			at, paid, carry := int64(0), money.Micros(0), int64(0)
			for range 1 + rng.IntN(12) {
				next := rng.Int64N(1 + 2*max(end, 1<<rng.IntN(32)))
				cost, left, err := g.Of(at, next, carry)
				if err != nil || left < 0 || left >= g.Per {
					t.Fatal(cost, left, err)
				}
				at, paid, carry = next, paid+cost, left
			}
			got := new(big.Rat).Add(new(big.Rat).SetInt64(int64(paid)), big.NewRat(carry, g.Per))
			if want := exact(g, 0, at); got.Cmp(want) != 0 {
				t.Fatalf("%+v to %d: paid %v, exact %v", g, at, got, want)
			}
		}
	})

	t.Run("one step is a rate", func(t *testing.T) {
		rate := money.Rate{Micros: 60_000, Per: 1 << 30}
		rng := rand.New(rand.NewPCG(7, 8))
		for range 1000 {
			from, units, carry := rng.Int64N(1<<40), rng.Int64N(1<<40), rng.Int64N(1<<30)
			cost, left, err := rate.Of(units, carry)
			if c, l, e := money.Flat(rate).Of(from, from+units, carry); c != cost || l != left || e != nil || err != nil {
				t.Fatal(c, cost, l, left, e, err)
			}
		}
	})

	t.Run("what cannot be counted is an error, never a wrong number", func(t *testing.T) {
		huge := money.Graduated{Per: 1, Steps: []money.GraduatedStep{{UpTo: 10, Micros: 1}, {Micros: math.MaxInt64}}}
		if _, _, err := huge.Of(0, math.MaxInt64, 0); !errors.Is(err, money.ErrOverflow) {
			t.Errorf("got %v", err)
		}
		for _, g := range []money.Graduated{{}, {Per: 1}, {Per: 1, Steps: []money.GraduatedStep{{UpTo: 5}, {UpTo: 5}, {}}}, money.Flat(money.Rate{Micros: -1, Per: 1})} {
			if _, _, err := g.Of(0, 10, 0); err == nil {
				t.Errorf("%+v: no error", g)
			}
		}
		for _, in := range [][3]int64{{-1, 0, 0}, {0, -1, 0}, {0, 1, -1}, {0, 1, 1_000_000}} {
			if _, _, err := free.Of(in[0], in[1], in[2]); err == nil {
				t.Errorf("%v: no error", in)
			}
		}
	})
}
