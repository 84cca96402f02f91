package services

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"suiftly/internal/fault"
	"suiftly/internal/money"
)

func pb1(t *testing.T, service string) ServiceType {
	t.Helper()
	c, problems := DefaultConfig().read()
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	st, err := c.Type(service)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func TestPrice(t *testing.T) {
	seal := pb1(t, "seal")
	for _, c := range []struct {
		in    map[string]any
		usd   string
		lines string
	}{
		{map[string]any{"tier": "pro", "burst": true, "seal_keys": []any{5.0, 5.0}, "api_keys": 2.0}, "60.000000",
			"tier 1x40.000000 burst 1x10.000000 seal_keys 1x5.000000 seal_keys.package 4x1.000000 api_keys 1x1.000000"},
		{map[string]any{"tier": "pro", "burst": true, "seal_keys": []any{5.0, 5.0, 5.0}, "api_keys": 4.0}, "69.000000",
			"tier 1x40.000000 burst 1x10.000000 seal_keys 2x5.000000 seal_keys.package 6x1.000000 api_keys 3x1.000000"},
		{map[string]any{"tier": "starter"}, "20.000000", "tier 1x20.000000"},
		{map[string]any{"tier": "starter", "burst": false, "seal_keys": []any{1.0, 2.0, 3.0}}, "30.000000", "tier 1x20.000000 seal_keys 2x5.000000"},
	} {
		t.Run(fmt.Sprintf("%v costs %s", c.in, c.usd), func(t *testing.T) {
			s, fields := seal.Check(c.in)
			if len(fields) > 0 {
				t.Fatal(fields)
			}
			p, err := seal.Price(s)
			if err != nil || p.MonthlyUSD.String() != c.usd {
				t.Fatalf("got %v, %v", p.MonthlyUSD, err)
			}
			var lines []string
			for _, l := range p.Lines {
				lines = append(lines, fmt.Sprintf("%s %dx%s", l.Name, l.Quantity, l.UnitUSD))
			}
			if got := strings.Join(lines, " "); got != c.lines {
				t.Fatalf("got %s", got)
			}
		})
	}

	t.Run("lines add up to the total for 10,000 random configurations, and the price equals an oracle", func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 2))
		for range 10_000 {
			keys := make([]int64, 1+r.IntN(20))
			for i := range keys {
				keys[i] = 1 + r.Int64N(100)
			}
			s := Settings{"tier": "pro", "burst": r.IntN(2) == 0, "seal_keys": keys, "api_keys": 1 + r.Int64N(50)}
			p, err := seal.Price(s)
			if err != nil {
				t.Fatal(err)
			}
			want := big.NewRat(40, 1)
			if s["burst"].(bool) {
				want.Add(want, big.NewRat(10, 1))
			}
			want.Add(want, big.NewRat(5*(int64(len(keys))-1)+s["api_keys"].(int64)-1, 1))
			for _, n := range keys {
				want.Add(want, big.NewRat(max(0, n-3), 1))
			}
			var total money.Micros
			for _, l := range p.Lines {
				total += l.AmountUSD
				if l.AmountUSD != money.Micros(l.Quantity)*l.UnitUSD || l.Quantity <= 0 {
					t.Fatalf("line %+v", l)
				}
			}
			if total != p.MonthlyUSD || want.Cmp(big.NewRat(int64(total), 1e6)) != 0 {
				t.Fatalf("%v: lines %v, total %v, oracle %v", s, total, p.MonthlyUSD, want)
			}
		}
	})
}

func TestUnitPrice(t *testing.T) {
	t.Run("12,500 requests cost $1.25, one GiB of grpc six cents", func(t *testing.T) {
		u := pb1(t, "grpc").unitPrice(7)
		requests, left, err := u.Request.Of(12_500, 0)
		if err != nil || requests != 1_250_000 || left != 0 {
			t.Fatalf("got %v, %d, %v", requests, left, err)
		}
		bytes, left, err := u.Byte.Of(1<<30, 0)
		if err != nil || bytes != 60_000 || left != 0 || u.PriceBook != 7 {
			t.Fatalf("got %v, %d, %v", bytes, left, err)
		}
	})
}

func TestGraduatedCatalog(t *testing.T) {
	t.Run("the first million requests and the first 100 GiB of a month may be free", func(t *testing.T) {
		config := DefaultConfig()
		config.Catalog[1].Requests = []RequestsConfig{{UpTo: 1_000_000, PerMillion: "0"}, {PerMillion: "100"}}
		config.Catalog[1].Bandwidth = []BandwidthConfig{{UpToGiB: 100, PerGiB: "0"}, {PerGiB: "0.06"}}
		c, problems := config.read()
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		u := c.Types[1].unitPrice(1)
		if cost, left, err := u.Requests.Of(0, 1_012_500, 0); cost != 1_250_000 || left != 0 || err != nil {
			t.Fatal(cost, left, err)
		}
		if cost, left, err := u.Bytes.Of(99<<30, 101<<30, 0); cost != 60_000 || left != 0 || err != nil {
			t.Fatal(cost, left, err)
		}
	})
}

func TestCheck(t *testing.T) {
	seal, grpc := pb1(t, "seal"), pb1(t, "grpc")
	for name, c := range map[string]struct {
		service ServiceType
		in      map[string]any
		fields  []string
	}{
		"starter with burst":         {seal, map[string]any{"tier": "starter", "burst": true}, []string{"burst"}},
		"no tier":                    {seal, map[string]any{}, []string{"tier"}},
		"no configuration at all":    {seal, nil, []string{"tier"}},
		"unknown tier":               {seal, map[string]any{"tier": "gold"}, []string{"tier"}},
		"tier of a wrong type":       {seal, map[string]any{"tier": 1.0}, []string{"tier"}},
		"unknown options":            {grpc, map[string]any{"tier": "pro", "seal_keys": []any{1.0}, "brust": true}, []string{"brust", "seal_keys"}},
		"switch as a number":         {seal, map[string]any{"tier": "pro", "burst": 1.0}, []string{"burst"}},
		"switch as null":             {seal, map[string]any{"tier": "pro", "burst": nil}, []string{"burst"}},
		"count with a fraction":      {seal, map[string]any{"tier": "pro", "api_keys": 1.5}, []string{"api_keys"}},
		"count as text":              {seal, map[string]any{"tier": "pro", "api_keys": "2"}, []string{"api_keys"}},
		"count below min":            {seal, map[string]any{"tier": "pro", "api_keys": 0.0}, []string{"api_keys"}},
		"count far above max":        {seal, map[string]any{"tier": "pro", "api_keys": 1e300}, []string{"api_keys"}},
		"negative count":             {seal, map[string]any{"tier": "pro", "api_keys": -1.0}, []string{"api_keys"}},
		"empty list":                 {seal, map[string]any{"tier": "pro", "seal_keys": []any{}}, []string{"seal_keys"}},
		"number instead of a list":   {seal, map[string]any{"tier": "pro", "seal_keys": 3.0}, []string{"seal_keys"}},
		"too many entries":           {seal, map[string]any{"tier": "pro", "seal_keys": slices.Repeat([]any{1.0}, 21)}, []string{"seal_keys"}},
		"two bad entries":            {seal, map[string]any{"tier": "pro", "seal_keys": []any{1.0, 0.0, "x"}}, []string{"seal_keys[1]", "seal_keys[2]"}},
		"everything wrong, at once":  {seal, map[string]any{"tier": "?", "burst": "yes", "api_keys": 99.0, "x": 1.0}, []string{"tier", "burst", "api_keys", "x"}},
		"an option with a long name": {seal, map[string]any{"tier": "pro", strings.Repeat("é", 500): 1.0}, []string{strings.Repeat("é", 60) + "…"}},
	} {
		t.Run(name+" is refused by field", func(t *testing.T) {
			s, fields := c.service.Check(c.in)
			var names []string
			for _, f := range fields {
				names = append(names, f.Name)
				if f.Message == "" {
					t.Errorf("field %s has no message", f.Name)
				}
			}
			if s != nil || !slices.Equal(names, c.fields) {
				t.Fatalf("got %v %v", s, fields)
			}
		})
	}
	t.Run("a refusal stays short however much is wrong", func(t *testing.T) {
		in := map[string]any{}
		for i := range 10_000 {
			in[fmt.Sprint("x", i)] = i
		}
		if _, fields := seal.Check(in); len(fields) != maxFields {
			t.Fatalf("got %d fields", len(fields))
		}
	})
	t.Run("defaults pass the check and come back complete", func(t *testing.T) {
		s, fields := seal.Check(seal.Defaults())
		if len(fields) > 0 || fmt.Sprint(s) != "map[api_keys:1 burst:false seal_keys:[3] tier:starter]" {
			t.Fatalf("got %v, %v", s, fields)
		}
	})
	t.Run("the sentence says what to do", func(t *testing.T) {
		_, fields := seal.Check(map[string]any{"tier": "starter", "burst": true})
		if want := (fault.Field{Name: "burst", Message: "Burst needs the tier Pro."}); len(fields) != 1 || fields[0] != want {
			t.Fatalf("got %v", fields)
		}
	})
}

func FuzzCheck(f *testing.F) {
	c, _ := DefaultConfig().read()
	f.Add("tier", "pro", 1.5, true, byte(0))
	f.Fuzz(func(t *testing.T, key, text string, n float64, on bool, shape byte) {
		values := []any{text, n, on, nil, []any{n, text}, map[string]any{key: n}, []any{n, n}, []any{[]any{}}}
		for _, st := range c.Types {
			for _, tier := range []any{"pro", "starter", text} {
				in := map[string]any{"tier": tier, key: values[int(shape)%len(values)], "seal_keys": values[int(shape/8)%len(values)]}
				s, fields := st.Check(in)
				if (s == nil) != (len(fields) > 0) {
					t.Fatalf("%v: settings %v and fields %v", in, s, fields)
				}
				if s != nil {
					if _, err := st.Price(s); err != nil {
						t.Fatalf("%v passed the check but has no price: %v", s, err)
					}
				}
			}
		}
	})
}
