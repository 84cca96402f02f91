package services

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"suiftly/internal/fault"
)

// Settings is a service's configuration: "tier" and one value for each option of its type: bool for a switch, int64 for
// a count, []int64 for counts. As JSON it is a flat object: {"tier":"pro","burst":true,"seal_keys":[5,5],"api_keys":2}.
type Settings map[string]any

const (
	tierKey       = "tier"
	apiKeysOption = "api_keys" // the count option that says how many API keys may exist; a type without it allows one
)

// maxFields bounds the answer to a request that is wrong in very many places.
const maxFields = 20

// Check completes what the customer asked for with defaults, or names every field that cannot be. in is decoded JSON.
func (t ServiceType) Check(in map[string]any) (Settings, []fault.Field) {
	var fields []fault.Field
	bad := func(name, format string, args ...any) {
		if len(fields) < maxFields {
			fields = append(fields, fault.Field{Name: name, Message: fmt.Sprintf(format, args...)})
		}
	}
	out := t.Defaults()
	tier, tierKnown := t.tier(in[tierKey])
	if tierKnown {
		out[tierKey] = tier.Name
	} else {
		bad(tierKey, "Choose one of %s.", list(t.tierNames()))
	}
	known := map[string]bool{tierKey: true}
	for _, o := range t.Options {
		known[o.Name] = true
		given, ok := in[o.Name]
		if !ok {
			continue
		}
		before := len(fields)
		value := o.value(given, bad)
		if len(fields) > before || value == nil {
			continue
		}
		if tierKnown && !o.allowed(tier.Name) && !same(value, out[o.Name]) {
			bad(o.Name, "%s needs the tier %s.", o.Label, list(t.labels(o.RequiresTier)))
			continue
		}
		out[o.Name] = value
	}
	for _, name := range slices.Sorted(maps.Keys(in)) {
		if !known[name] {
			bad(shorten(name), "%s has no such option. It has %s.", t.Label, list(t.optionNames()))
		}
	}
	if len(fields) > 0 {
		return nil, fields
	}
	return out, nil
}

// Defaults is the configuration a new customer starts from: the first tier, switches off, everything that is included.
func (t ServiceType) Defaults() Settings {
	out := Settings{tierKey: t.Tiers[0].Name}
	for _, o := range t.Options {
		out[o.Name] = o.initial()
	}
	return out
}

// largest is the dearest configuration there is.
func (t ServiceType) largest() Settings {
	dearest := slices.MaxFunc(t.Tiers, func(a, b ServiceTier) int { return cmp.Compare(a.MonthlyUSD, b.MonthlyUSD) })
	out := Settings{tierKey: dearest.Name}
	for _, o := range t.Options {
		switch o.Kind {
		case KindSwitch:
			out[o.Name] = true
		case KindCount:
			out[o.Name] = o.Count.Max
		case KindCounts:
			out[o.Name] = slices.Repeat([]int64{o.Each.Max}, int(o.Count.Max))
		}
	}
	return out
}

func (o ServiceOption) initial() any {
	switch o.Kind {
	case KindCount:
		return o.Count.initial()
	case KindCounts:
		return slices.Repeat([]int64{o.Each.initial()}, int(o.Count.initial()))
	}
	return false
}

func (c OptionCount) initial() int64 { return min(max(c.Included, c.Min), c.Max) }

// value reads one option from decoded JSON, or calls bad.
func (o ServiceOption) value(given any, bad func(name, format string, args ...any)) any {
	switch o.Kind {
	case KindSwitch:
		on, ok := given.(bool)
		if !ok {
			bad(o.Name, "Give true or false.")
			return nil
		}
		return on
	case KindCount:
		n, ok := o.Count.number(given)
		if !ok {
			bad(o.Name, "Give a whole number from %d to %d.", o.Count.Min, o.Count.Max)
			return nil
		}
		return n
	}
	entries, ok := items(given)
	if !ok || int64(len(entries)) < o.Count.Min || int64(len(entries)) > o.Count.Max {
		bad(o.Name, "Give a list with %d to %d whole numbers, one for each %s.", o.Count.Min, o.Count.Max, o.Count.Unit)
		return nil
	}
	values := make([]int64, len(entries))
	for i, entry := range entries {
		if values[i], ok = o.Each.number(entry); !ok {
			bad(fmt.Sprintf("%s[%d]", o.Name, i), "Give a whole number from %d to %d.", o.Each.Min, o.Each.Max)
		}
	}
	return values
}

func (o ServiceOption) allowed(tier string) bool {
	return len(o.RequiresTier) == 0 || slices.Contains(o.RequiresTier, tier)
}

func (c OptionCount) number(given any) (int64, bool) {
	n, ok := whole(given)
	return n, ok && n >= c.Min && n <= c.Max
}

// whole reads a JSON number without a fraction. Floats are exact here: bounds are far below 2^53.
func whole(given any) (int64, bool) {
	switch n := given.(type) {
	case float64:
		if n != math.Trunc(n) || math.Abs(n) > 1<<53 {
			return 0, false
		}
		return int64(n), true
	case int64:
		return n, true
	case int:
		return int64(n), true
	}
	return 0, false
}

func items(given any) ([]any, bool) {
	switch list := given.(type) {
	case []any:
		return list, true
	case []int64:
		out := make([]any, len(list))
		for i, n := range list {
			out[i] = n
		}
		return out, true
	}
	return nil, false
}

func same(a, b any) bool {
	if x, ok := a.([]int64); ok {
		y, ok := b.([]int64)
		return ok && slices.Equal(x, y)
	}
	return a == b
}

// keyLimit is how many API keys a stored configuration pays for.
func (s Settings) keyLimit() int64 {
	if n, ok := whole(s[apiKeysOption]); ok {
		return n
	}
	return 1
}

func (t ServiceType) tier(given any) (ServiceTier, bool) {
	name, _ := given.(string)
	i := slices.IndexFunc(t.Tiers, func(tier ServiceTier) bool { return tier.Name == name })
	if i < 0 {
		return ServiceTier{}, false
	}
	return t.Tiers[i], true
}

func (t ServiceType) tierNames() []string {
	names := make([]string, len(t.Tiers))
	for i, tier := range t.Tiers {
		names[i] = tier.Name
	}
	return names
}

func (t ServiceType) labels(tiers []string) []string {
	var labels []string
	for _, tier := range t.Tiers {
		if slices.Contains(tiers, tier.Name) {
			labels = append(labels, tier.Label)
		}
	}
	return labels
}

func (t ServiceType) optionNames() []string {
	names := []string{tierKey}
	for _, o := range t.Options {
		names = append(names, o.Name)
	}
	return names
}

// list reads "a", "a or b", "a, b or c".
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

func shorten(name string) string {
	if r := []rune(name); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return name
}
