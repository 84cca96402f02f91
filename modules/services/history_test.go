package services

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"suiftly/internal/customer"
	"suiftly/internal/fault"
	"suiftly/internal/pg"
)

func TestHistory(t *testing.T) {
	t.Run("each version says what it changed, also the last of a page, and what that changed in price", func(t *testing.T) {
		m, ctx := setup(t)
		must[Configuration](t)(m.Save(ctx, alice, "seal", 0, pro()))
		must[Configuration](t)(m.Save(ctx, alice, "seal", 1, map[string]any{"tier": "starter", "seal_keys": []any{5.0, 5.0}, "api_keys": 2.0}))
		must[Configuration](t)(m.Save(ctx, alice, "seal", 2, map[string]any{"tier": "starter", "seal_keys": []any{5.0, 6.0}, "api_keys": 2.0}))
		var said []string
		for before := 0; ; {
			page := must[[]Version](t)(m.History(ctx, alice, "seal", before, 1))
			if len(page) == 0 {
				break
			}
			v := page[0]
			said, before = append(said, fmt.Sprint(v.Number, v.Changes, v.PriceChange)), v.Number
		}
		want := []string{
			"3 [{seal_keys Seal keys [5 5] [5 6]}] 1.000000",
			"2 [{tier Plan pro starter} {burst Burst true false}] -30.000000",
			"1 [] 0.000000",
		}
		if !slices.Equal(said, want) {
			t.Fatalf("got %q", said)
		}
	})

	t.Run("an old version comes back as a new one", func(t *testing.T) {
		m, ctx := setup(t)
		must[Configuration](t)(m.Save(ctx, alice, "seal", 0, pro()))
		must[Configuration](t)(m.Save(ctx, alice, "seal", 1, map[string]any{"tier": "starter"}))
		c := must[Configuration](t)(m.Restore(ctx, alice, "seal", 2, 1))
		if c.Version != 3 || c.Price.MonthlyUSD.String() != "60.000000" || c.Settings["burst"] != true {
			t.Fatalf("got %+v", c)
		}
		if _, err := m.Restore(ctx, alice, "seal", 2, 1); !errors.Is(err, ErrConfigChanged) {
			t.Fatalf("got %v", err)
		}
		for _, none := range []int{0, 9, -1} {
			if _, err := m.Restore(ctx, alice, "seal", 3, none); !errors.Is(err, ErrNoVersion) {
				t.Fatalf("version %d: got %v", none, err)
			}
		}
		if _, err := m.Restore(ctx, bob, "seal", 0, 1); !errors.Is(err, ErrNoVersion) {
			t.Fatalf("another customer's version: %v", err)
		}
	})

	t.Run("what today's catalog does not allow is refused with reasons, and shown so", func(t *testing.T) {
		m, ctx := setup(t)
		must[Configuration](t)(m.Save(ctx, alice, "seal", 0, pro()))
		config := DefaultConfig()
		config.Catalog[0].Options = slices.Delete(config.Catalog[0].Options, 0, 1) // burst is sold no more
		config.Catalog[0].Options[0].Each.Max = 4
		m = New(m.kit, config, nil)
		_, err := m.Restore(ctx, alice, "seal", 1, 1)
		var names []string
		for _, f := range fault.Of(err).Fields {
			names = append(names, f.Name)
		}
		if !errors.Is(err, ErrBadConfig) || strings.Join(names, " ") != "seal_keys[0] seal_keys[1] burst" {
			t.Fatalf("got %v %v", err, names)
		}
		if v := must[[]Version](t)(m.History(ctx, alice, "seal", 0, 5)); len(v[0].Refused) != 3 {
			t.Fatalf("got %+v", v)
		}
	})
}

func TestReplay(t *testing.T) {
	m, ctx := setup(t)
	m.kit.Now = func() time.Time { return time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC) }
	var asked string
	m.Used = func(_ context.Context, _ pg.Q, id customer.ID, service string, from, to time.Time) (int64, int64, error) {
		asked = fmt.Sprintln(id, service, from.Format(time.DateOnly), to.Format(time.DateOnly))
		return 1_012_500, 3 << 30, nil
	}
	must[Configuration](t)(m.Save(ctx, alice, "grpc", 0, map[string]any{"tier": "starter"}))
	r := must[Replay](t)(m.Replay(ctx, alice, "grpc", map[string]any{"tier": "pro", "burst": true}, ""))
	if asked != "1001 grpc 2025-12-01 2026-01-01\n" {
		t.Errorf("asked %q", asked)
	}
	// 40 + 10, 1,012,500 requests at $0.0001, 3 GiB at $0.06
	if r.Total.String() != "151.430000" || r.Current.String() != "121.430000" || r.Usage[0].AmountUSD.String() != "101.250000" || r.Usage[1].AmountUSD.String() != "0.180000" {
		t.Errorf("got %+v", r)
	}
	for month, want := range map[string]bool{"2026-01": true, "2025-11": true, "2026-02": false, "x": false, "2026-13": false} {
		if _, err := m.Replay(ctx, alice, "grpc", map[string]any{"tier": "pro"}, month); (err == nil) != want || err != nil && !errors.Is(err, ErrBadMonth) {
			t.Errorf("%s: %v", month, err)
		}
	}
	if _, err := m.Replay(ctx, alice, "grpc", map[string]any{"tier": "starter", "burst": true}, ""); fault.Of(err).Fields[0].Name != "burst" {
		t.Errorf("got %v", err)
	}
}

// valid is JSON Schema 2020-12 as far as Schema uses it.
func valid(s map[string]any, v any) bool {
	for key, rule := range s {
		ok := true
		switch key {
		case "$schema", "title", "description", "default", "then":
		case "type":
			_, list := v.([]any)
			_, object := v.(map[string]any)
			_, on := v.(bool)
			n, number := v.(float64)
			ok = map[any]bool{"array": list, "object": object, "boolean": on, "integer": number && n == float64(int64(n))}[rule]
		case "enum":
			ok = slices.ContainsFunc(rule.([]any), func(one any) bool { return equal(one, v) })
		case "const":
			ok = equal(rule, v)
		case "minimum":
			n, number := v.(float64)
			ok = !number || n >= rule.(float64)
		case "maximum":
			n, number := v.(float64)
			ok = !number || n <= rule.(float64)
		case "minItems":
			list, is := v.([]any)
			ok = !is || float64(len(list)) >= rule.(float64)
		case "maxItems":
			list, is := v.([]any)
			ok = !is || float64(len(list)) <= rule.(float64)
		case "items":
			list, _ := v.([]any)
			ok = !slices.ContainsFunc(list, func(one any) bool { return !valid(rule.(map[string]any), one) })
		case "properties":
			object, _ := v.(map[string]any)
			for name, sub := range rule.(map[string]any) {
				if value, there := object[name]; there && !valid(sub.(map[string]any), value) {
					ok = false
				}
			}
		case "required":
			object, _ := v.(map[string]any)
			for _, name := range rule.([]any) {
				_, there := object[name.(string)]
				ok = ok && there
			}
		case "additionalProperties":
			object, _ := v.(map[string]any)
			for name := range object {
				_, known := s["properties"].(map[string]any)[name]
				ok = ok && known
			}
		case "allOf":
			ok = !slices.ContainsFunc(rule.([]any), func(one any) bool { return !valid(one.(map[string]any), v) })
		case "not":
			ok = !valid(rule.(map[string]any), v)
		case "if":
			ok = !valid(rule.(map[string]any), v) || valid(s["then"].(map[string]any), v)
		default:
			panic("the schema uses " + key)
		}
		if !ok {
			return false
		}
	}
	return true
}

func equal(a, b any) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}

// anyConfig draws a configuration that is often right and often wrong.
func anyConfig(r *rand.Rand) map[string]any {
	values := []func() any{
		func() any { return float64(r.IntN(60)) - 3 }, func() any { return r.IntN(2) == 0 }, func() any { return 1.5 }, func() any { return nil },
		func() any { return "pro" }, func() any { return map[string]any{"a": 1.0} }, func() any { return 1e300 },
		func() any {
			list := make([]any, r.IntN(24))
			for i := range list {
				list[i] = float64(r.IntN(110))
			}
			return list
		},
		func() any { return []any{1.0, "x", nil} },
	}
	pick := func(right func() any) any {
		if r.IntN(6) > 0 {
			return right()
		}
		return values[r.IntN(len(values))]()
	}
	in := map[string]any{}
	set := func(name string, right func() any) {
		if r.IntN(8) > 0 {
			in[name] = pick(right)
		}
	}
	set("tier", func() any { return []string{"starter", "pro"}[r.IntN(2)] })
	set("burst", func() any { return r.IntN(2) == 0 })
	set("api_keys", func() any { return float64(1 + r.IntN(50)) })
	if r.IntN(2) == 0 {
		set("seal_keys", func() any {
			list := make([]any, 1+r.IntN(20))
			for i := range list {
				list[i] = float64(1 + r.IntN(100))
			}
			return list
		})
	}
	if r.IntN(10) == 0 {
		in[fmt.Sprint("x", r.IntN(5))] = values[r.IntN(len(values))]()
	}
	return in
}

func TestSchema(t *testing.T) {
	t.Run("it says of 10,000 configurations, right and wrong, what saving says", func(t *testing.T) {
		r, accepted := rand.New(rand.NewPCG(3, 4)), 0
		for _, name := range []string{"seal", "grpc"} {
			service := pb1(t, name)
			text, err := json.Marshal(service.Schema())
			if err != nil {
				t.Fatal(err)
			}
			var schema map[string]any
			if err := json.Unmarshal(text, &schema); err != nil {
				t.Fatal(err)
			}
			for range 5_000 {
				in := anyConfig(r)
				_, fields := service.Check(in)
				if valid(schema, in) != (len(fields) == 0) {
					t.Fatalf("%s %v: the schema says %v, the check %v", name, in, valid(schema, in), fields)
				}
				if len(fields) == 0 {
					accepted++
				}
			}
		}
		if accepted < 1_000 || accepted > 9_000 {
			t.Fatalf("%d of 10,000 accepted: this compares nothing", accepted)
		}
	})
}
