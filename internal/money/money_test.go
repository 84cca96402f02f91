package money_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"suiftly/internal/money"
)

func TestParse(t *testing.T) {
	for in, want := range map[string]money.Micros{
		"0": 0, "1": 1e6, "0.0001": 100, "12.34": 12_340_000, "-0.000001": -1, "007": 7e6,
		"9223372036854.775807": math.MaxInt64,
	} {
		if got, err := money.Parse(in); err != nil || got != want {
			t.Errorf("Parse(%q) = %d, %v; want %d", in, got, err, want)
		}
	}
	for _, in := range []string{"", "-", ".", ".5", "1.", "+1", "1e3", "NaN", "Inf", " 1", "1 ", "1,5", "0x10", "1_000", "0.0000001", "--1", "1.-5", "٣",
		"9223372036854.775808", "1000000000000000000"} {
		if got, err := money.Parse(in); err == nil {
			t.Errorf("Parse(%q) = %s, want an error", in, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"1.5", "-0.000001", "9223372036854.775807", "1e3", "00.1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := money.Parse(s)
		if err != nil {
			return
		}
		want, ok := new(big.Rat).SetString(s)
		if !ok || want.Cmp(big.NewRat(int64(m), 1e6)) != 0 {
			t.Fatalf("Parse(%q) = %d", s, m)
		}
		if again, err := money.Parse(m.String()); err != nil || again != m {
			t.Fatalf("%q prints as %q", s, m)
		}
	})
}

func TestText(t *testing.T) {
	for m, want := range map[money.Micros]string{0: "0.000000", 12_340_000: "12.340000", -1: "-0.000001", math.MinInt64: "-9223372036854.775808"} {
		if m.String() != want {
			t.Errorf("%d prints %s, want %s", int64(m), m, want)
		}
	}
	var v struct{ A money.Micros }
	if err := json.Unmarshal([]byte(`{"A":"1.25"}`), &v); err != nil || v.A != 1_250_000 {
		t.Errorf("got %v, %v", v.A, err)
	}
	if err := json.Unmarshal([]byte(`{"A":1.25}`), &v); err == nil {
		t.Error("a JSON number was taken for money")
	}
	if out, _ := json.Marshal(v); string(out) != `{"A":"1.250000"}` {
		t.Errorf("got %s", out)
	}
}

func TestSum(t *testing.T) {
	if got, err := money.Sum(1, 2, -4); err != nil || got != -1 {
		t.Errorf("got %d, %v", got, err)
	}
	for _, ms := range [][]money.Micros{{math.MaxInt64, 1}, {math.MinInt64, -1}} {
		if _, err := money.Sum(ms...); !errors.Is(err, money.ErrOverflow) {
			t.Errorf("Sum(%v): %v", ms, err)
		}
	}
}

func TestRateOf(t *testing.T) {
	t.Run("any split of the units costs what they cost together, to the exact fraction", func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		for range 2000 {
			r := money.Rate{Micros: rng.Int64N(1e9), Per: 1 + rng.Int64N(1<<40)}
			var total, units int64
			var cost money.Micros
			var carry int64
			for range 1 + rng.IntN(30) {
				units = rng.Int64N(1e9)
				c, left, err := r.Of(units, carry)
				if err != nil {
					t.Fatal(err)
				}
				cost, carry, total = cost+c, left, total+units
			}
			exact := new(big.Rat).Mul(big.NewRat(r.Micros, r.Per), new(big.Rat).SetInt64(total))
			got := new(big.Rat).Add(new(big.Rat).SetInt64(int64(cost)), big.NewRat(carry, r.Per))
			if exact.Cmp(got) != 0 || carry >= r.Per {
				t.Fatalf("%+v x %d: got %s, want %s", r, total, got, exact)
			}
		}
	})
	t.Run("the largest products are exact or an overflow, never wrapped", func(t *testing.T) {
		if c, left, err := (money.Rate{Micros: math.MaxInt64, Per: math.MaxInt64}).Of(math.MaxInt64, math.MaxInt64-1); err != nil || c != math.MaxInt64 || left != math.MaxInt64-1 {
			t.Errorf("got %d, %d, %v", c, left, err)
		}
		for _, r := range []money.Rate{{Micros: 2, Per: 1}, {Micros: math.MaxInt64, Per: 1}} {
			if _, _, err := r.Of(math.MaxInt64, 0); !errors.Is(err, money.ErrOverflow) {
				t.Errorf("%+v: %v", r, err)
			}
		}
	})
	t.Run("nonsense is refused", func(t *testing.T) {
		for _, c := range []struct {
			r            money.Rate
			units, carry int64
		}{{money.Rate{Micros: 1}, 1, 0}, {money.Rate{Micros: -1, Per: 1}, 1, 0}, {money.Rate{Micros: 1, Per: 2}, -1, 0}, {money.Rate{Micros: 1, Per: 2}, 1, 2}} {
			if _, _, err := c.r.Of(c.units, c.carry); err == nil {
				t.Errorf("%+v was priced", c)
			}
		}
	})
}
