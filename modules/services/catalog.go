package services

import (
	"fmt"
	"regexp"
	"slices"

	"suiftly/internal/money"
)

// Catalog is what customers may buy: read from config.yaml, checked, with exact prices. Its JSON is the content of a
// price-book version.
type Catalog struct {
	Types []ServiceType `json:"types"`
}

// ServiceType is one kind of service.
type ServiceType struct {
	Name        string          `json:"name" doc:"As in URLs, logs and invoices."`
	Label       string          `json:"label"`
	Description string          `json:"description"`
	Requests    []Step          `json:"requests" doc:"Price of billable requests."`
	Bandwidth   []Step          `json:"bandwidth" doc:"Price of bytes sent."`
	Tiers       []ServiceTier   `json:"tiers" doc:"Cheapest first, as the operator wrote them."`
	Options     []ServiceOption `json:"options"`
}

// Step is one step of a unit price. A flat price is one step.
type Step struct {
	UpTo int64        `json:"up_to,omitempty" doc:"The last unit of a month that costs this; absent in the last step, which goes on."`
	USD  money.Micros `json:"usd" doc:"Price of per units."`
	Per  int64        `json:"per" doc:"1000000 for requests, 1073741824 (1 GiB) for bytes."`
}

// ServiceTier is the plan of a service.
type ServiceTier struct {
	Name          string       `json:"name"`
	Label         string       `json:"label"`
	MonthlyUSD    money.Micros `json:"monthly_usd"`
	GuaranteedRPS int64        `json:"guaranteed_rps" doc:"Requests per second and region that are always served."`
}

// The kinds of options.
const (
	KindSwitch = "switch" // true or false; true costs MonthlyUSD
	KindCount  = "count"  // a whole number in Count
	KindCounts = "counts" // a list: Count says how many entries, Each bounds and prices every entry
)

// ServiceOption is one thing a customer sets beside the tier.
type ServiceOption struct {
	Name         string       `json:"name" doc:"The key in the configuration."`
	Label        string       `json:"label"`
	Description  string       `json:"description,omitempty"`
	Kind         string       `json:"kind" enum:"switch,count,counts"`
	RequiresTier []string     `json:"requires_tier,omitempty" doc:"The tiers that may set it; absent: all."`
	MonthlyUSD   money.Micros `json:"monthly_usd" doc:"Of a switch that is on."`
	Count        *OptionCount `json:"count,omitempty" doc:"Of a count: its bounds and price. Of counts: how many entries."`
	Each         *OptionCount `json:"each,omitempty" doc:"Of counts: bounds and price of every entry."`
}

// OptionCount bounds and prices a number.
type OptionCount struct {
	Unit       string       `json:"unit" doc:"What is counted, singular."`
	Min        int64        `json:"min"`
	Max        int64        `json:"max"`
	Included   int64        `json:"included" doc:"This many cost nothing extra."`
	MonthlyUSD money.Micros `json:"monthly_usd" doc:"Of each one beyond the included."`
}

// Type finds a service type.
func (c Catalog) Type(name string) (ServiceType, error) {
	i := slices.IndexFunc(c.Types, func(t ServiceType) bool { return t.Name == name })
	if i < 0 {
		return ServiceType{}, ErrNoService
	}
	return c.Types[i], nil
}

func (c Catalog) names() []string {
	names := make([]string, len(c.Types))
	for i, t := range c.Types {
		names[i] = t.Name
	}
	return names
}

// Bounds that keep a configuration small and its price far from overflow.
const (
	maxTypes    = 50
	maxOptions  = 50
	maxEntries  = 200            // of a counts option
	maxCount    = 1_000_000      // of any number
	maxPriceUSD = 1_000_000      // of anything, in dollars
	maxSteps    = 20             // of a unit price
	maxRequests = int64(1e15)    // where a step of a price may end
	maxGiB      = int64(1) << 32 // the same of bandwidth
	perMillion  = 1_000_000      // requests are priced by the million
	perGiB      = int64(1) << 30 // bytes by the GiB
)

var (
	// A service's name ends up in HAProxy's map between colons and in backend names.
	namePattern   = regexp.MustCompile(`^[a-z][a-z0-9_]{0,30}$`)
	prefixPattern = regexp.MustCompile(`^[a-z]{2,10}$`)
)

// reader turns the YAML's shape into a Catalog and collects what is wrong, each with the key's path.
type reader struct{ problems []error }

func (r *reader) bad(path, format string, args ...any) {
	r.problems = append(r.problems, fmt.Errorf(path+": "+format, args...))
}

func (r *reader) price(path string, text Dollars) money.Micros {
	amount, err := money.Parse(string(text))
	switch {
	case text == "":
		r.bad(path, "required: a price in USD, for example 20 or 0.06")
	case err != nil:
		r.bad(path, "%v", err)
	case amount < 0:
		r.bad(path, "%s is negative", text)
	case amount > maxPriceUSD*money.Dollar:
		r.bad(path, "%s is more than %d USD", text, maxPriceUSD)
	default:
		return amount
	}
	return 0
}

func (r *reader) name(path, name string, seen map[string]bool) {
	switch {
	case !namePattern.MatchString(name):
		r.bad(path+".name", "%q is not a name: a lower-case letter, then up to 30 of a-z, 0-9 and _", name)
	case seen[name]:
		r.bad(path+".name", "%q appears twice", name)
	}
	seen[name] = true
}

func (r *reader) label(path, label string) {
	if label == "" {
		r.bad(path, "required: customers read it")
	}
}

func (r *reader) catalog(path string, types []TypeConfig) (c Catalog) {
	if len(types) == 0 || len(types) > maxTypes {
		r.bad(path, "between 1 and %d service types are needed, here are %d", maxTypes, len(types))
	}
	seen := map[string]bool{}
	for i, t := range types {
		p := fmt.Sprintf("%s[%d]", path, i)
		r.name(p, t.Name, seen)
		c.Types = append(c.Types, r.serviceType(p, t))
	}
	return c
}

func (r *reader) serviceType(path string, t TypeConfig) ServiceType {
	r.label(path+".label", t.Label)
	out := ServiceType{Name: t.Name, Label: t.Label, Description: t.Description}
	for i, s := range t.Requests {
		p := fmt.Sprintf("%s.requests[%d].per_million", path, i)
		out.Requests = append(out.Requests, Step{UpTo: s.UpTo, USD: r.price(p, s.PerMillion), Per: perMillion})
	}
	r.steps(path+".requests", "up_to", maxRequests, out.Requests, "[{up_to: 1000000, per_million: 0}, {per_million: 100}]")
	for i, s := range t.Bandwidth {
		p := fmt.Sprintf("%s.bandwidth[%d].per_gib", path, i)
		out.Bandwidth = append(out.Bandwidth, Step{UpTo: s.UpToGiB, USD: r.price(p, s.PerGiB), Per: perGiB})
	}
	r.steps(path+".bandwidth", "up_to_gib", maxGiB, out.Bandwidth, "[{up_to_gib: 100, per_gib: 0}, {per_gib: 0.06}]")
	for i, s := range out.Bandwidth {
		out.Bandwidth[i].UpTo = s.UpTo * perGiB
	}
	if len(t.Tiers) == 0 {
		r.bad(path+".tiers", "at least one tier is needed")
	}
	tiers := map[string]bool{}
	for i, tier := range t.Tiers {
		p := fmt.Sprintf("%s.tiers[%d]", path, i)
		r.name(p, tier.Name, tiers)
		r.label(p+".label", tier.Label)
		if tier.GuaranteedRPS < 1 || tier.GuaranteedRPS > maxCount {
			r.bad(p+".guaranteed_rps", "%d is not between 1 and %d", tier.GuaranteedRPS, maxCount)
		}
		out.Tiers = append(out.Tiers, ServiceTier{
			Name: tier.Name, Label: tier.Label, MonthlyUSD: r.price(p+".monthly", tier.Monthly), GuaranteedRPS: tier.GuaranteedRPS,
		})
	}
	if len(t.Options) > maxOptions {
		r.bad(path+".options", "at most %d options, here are %d", maxOptions, len(t.Options))
	}
	seen := map[string]bool{"tier": true}
	for i, o := range t.Options {
		p := fmt.Sprintf("%s.options[%d]", path, i)
		r.name(p, o.Name, seen)
		for j, tier := range o.RequiresTier {
			if !tiers[tier] {
				r.bad(fmt.Sprintf("%s.requires_tier[%d]", p, j), "%q is not a tier of this service", tier)
			}
		}
		out.Options = append(out.Options, r.option(p, o))
	}
	if len(r.problems) == 0 {
		if _, err := out.Price(out.largest()); err != nil {
			r.bad(path, "the largest configuration costs more than can be counted")
		}
	}
	return out
}

// steps wants a unit price to rise from step to step, and its last step to go on.
func (r *reader) steps(path, key string, most int64, steps []Step, example string) {
	if len(steps) == 0 || len(steps) > maxSteps {
		r.bad(path, "between 1 and %d steps of a price are needed, here are %d, for example %s", maxSteps, len(steps), example)
	}
	before := int64(0)
	for i, s := range steps {
		p := fmt.Sprintf("%s[%d].%s", path, i, key)
		switch last := i == len(steps)-1; {
		case last && s.UpTo != 0:
			r.bad(p, "the last step goes on for ever and has no %s, for example %s", key, example)
		case !last && (s.UpTo <= before || s.UpTo > most):
			r.bad(p, "%d is not between %d and %d: each step but the last ends above the one before", s.UpTo, before+1, most)
		}
		before = s.UpTo
	}
}

func (r *reader) option(path string, o OptionConfig) ServiceOption {
	r.label(path+".label", o.Label)
	out := ServiceOption{Name: o.Name, Label: o.Label, Description: o.Description, Kind: o.Kind, RequiresTier: o.RequiresTier}
	has := map[string]bool{"monthly": o.Monthly != "", "count": o.Count != nil, "each": o.Each != nil}
	needs := map[string][]string{KindSwitch: {"monthly"}, KindCount: {"count"}, KindCounts: {"count", "each"}}[o.Kind]
	if needs == nil {
		r.bad(path+".kind", "%q is not one of switch, count, counts", o.Kind)
		return out
	}
	for _, key := range []string{"monthly", "count", "each"} {
		switch need := slices.Contains(needs, key); {
		case need && !has[key]:
			r.bad(path+"."+key, "required for kind %s", o.Kind)
		case !need && has[key]:
			r.bad(path+"."+key, "has no meaning for kind %s", o.Kind)
		}
	}
	if o.Kind == KindSwitch && o.Monthly != "" {
		out.MonthlyUSD = r.price(path+".monthly", o.Monthly)
	}
	if o.Count != nil {
		out.Count = r.count(path+".count", *o.Count)
		if o.Kind == KindCounts && o.Count.Max > maxEntries {
			r.bad(path+".count.max", "%d is more than %d entries", o.Count.Max, maxEntries)
		}
	}
	if o.Each != nil {
		out.Each = r.count(path+".each", *o.Each)
	}
	// A tier that may not set the option has its default, which must then cost nothing.
	if len(o.RequiresTier) > 0 && (above(out.Count) || above(out.Each)) {
		r.bad(path+".requires_tier", "min is more than included, so that the other tiers would pay for an option they cannot set")
	}
	return out
}

func above(c *OptionCount) bool { return c != nil && c.Min > c.Included }

func (r *reader) count(path string, c CountConfig) *OptionCount {
	r.label(path+".unit", c.Unit)
	switch {
	case c.Min < 0 || c.Max > maxCount || c.Min > c.Max:
		r.bad(path, "min %d and max %d: 0 <= min <= max <= %d", c.Min, c.Max, maxCount)
	case c.Included < 0 || c.Included > c.Max:
		r.bad(path+".included", "%d is not between 0 and max (%d)", c.Included, c.Max)
	}
	return &OptionCount{Unit: c.Unit, Min: c.Min, Max: c.Max, Included: c.Included, MonthlyUSD: r.price(path+".monthly", c.Monthly)}
}
