package services

import (
	"strings"
	"testing"
)

func TestConfig(t *testing.T) {
	t.Run("the defaults are in order", func(t *testing.T) {
		if problems := DefaultConfig().Validate(); len(problems) > 0 {
			t.Fatal(problems)
		}
	})
	for name, c := range map[string]struct {
		spoil func(*Config)
		want  string
	}{
		"no types":          {func(c *Config) { c.Catalog = nil }, "services.catalog: between 1 and"},
		"a forgotten price": {func(c *Config) { c.Catalog[1].Tiers[1].Monthly = "" }, "services.catalog[1].tiers[1].monthly: required"},
		"a negative price":  {func(c *Config) { c.Catalog[0].Options[0].Monthly = "-1" }, "services.catalog[0].options[0].monthly: -1 is negative"},
		"too many decimals": {func(c *Config) { c.Catalog[0].Bandwidth[0].PerGiB = "0.0000001" }, "services.catalog[0].bandwidth[0].per_gib:"},
		"a price of words":  {func(c *Config) { c.Catalog[0].Requests[0].PerMillion = "free" }, "services.catalog[0].requests[0].per_million:"},
		"no request price":  {func(c *Config) { c.Catalog[0].Requests = nil }, "services.catalog[0].requests: between 1 and 20 steps"},
		"a step that does not rise": {func(c *Config) {
			c.Catalog[0].Requests = []RequestsConfig{{UpTo: 5, PerMillion: "1"}, {UpTo: 5, PerMillion: "2"}, {PerMillion: "3"}}
		}, "services.catalog[0].requests[1].up_to: 5 is not between 6 and"},
		"a step without an end": {func(c *Config) {
			c.Catalog[0].Bandwidth = []BandwidthConfig{{PerGiB: "1"}, {PerGiB: "3"}}
		}, "services.catalog[0].bandwidth[0].up_to_gib: 0 is not between 1 and"},
		"a last step that ends": {func(c *Config) { c.Catalog[1].Requests[0].UpTo = 9 }, "services.catalog[1].requests[0].up_to: the last step goes on"},
		"a name with colons":    {func(c *Config) { c.Catalog[2].Name = "a:b" }, "services.catalog[2].name:"},
		"a name twice":          {func(c *Config) { c.Catalog[2].Name = "seal" }, `services.catalog[2].name: "seal" appears twice`},
		"an option named tier":  {func(c *Config) { c.Catalog[0].Options[0].Name = "tier" }, "services.catalog[0].options[0].name:"},
		"an unknown kind":       {func(c *Config) { c.Catalog[0].Options[0].Kind = "toggle" }, "services.catalog[0].options[0].kind:"},
		"a key of another kind": {func(c *Config) { c.Catalog[0].Options[0].Each = &CountConfig{Unit: "x", Monthly: "1"} }, "services.catalog[0].options[0].each: has no meaning"},
		"a missing count":       {func(c *Config) { c.Catalog[0].Options[2].Count = nil }, "services.catalog[0].options[2].count: required"},
		"an unknown tier":       {func(c *Config) { c.Catalog[0].Options[0].RequiresTier = []string{"gold"} }, `services.catalog[0].options[0].requires_tier[0]: "gold"`},
		"min above max":         {func(c *Config) { c.Catalog[0].Options[2].Count.Min = 51 }, "services.catalog[0].options[2].count: min 51"},
		"too many entries":      {func(c *Config) { c.Catalog[0].Options[1].Count.Max = 5000 }, "services.catalog[0].options[1].count.max:"},
		"no tiers":              {func(c *Config) { c.Catalog[0].Tiers = nil }, "services.catalog[0].tiers:"},
		"no rate":               {func(c *Config) { c.Catalog[0].Tiers[0].GuaranteedRPS = 0 }, "services.catalog[0].tiers[0].guaranteed_rps:"},
		"a bad prefix":          {func(c *Config) { c.APIKeyPrefix = "s_k" }, "services.api_key_prefix:"},
		"prices beyond counting": {func(c *Config) {
			c.Catalog[0].Options[1].Each.Monthly, c.Catalog[0].Options[1].Each.Max, c.Catalog[0].Options[1].Count.Max = "1000000", 1_000_000, 200
		}, "services.catalog[0]: the largest configuration costs more"},
		"a forced price for tiers that cannot set it": {func(c *Config) {
			c.Catalog[0].Options[2].RequiresTier, c.Catalog[0].Options[2].Count.Min = []string{"pro"}, 2
		}, "services.catalog[0].options[2].requires_tier:"},
	} {
		t.Run(name+" is named by its key", func(t *testing.T) {
			config := DefaultConfig()
			c.spoil(&config)
			problems := config.Validate()
			if len(problems) == 0 || !strings.HasPrefix(problems[0].Error(), c.want) {
				t.Fatalf("got %v, want %s", problems, c.want)
			}
		})
	}
	t.Run("problems come all at once", func(t *testing.T) {
		config := DefaultConfig()
		config.APIKeyPrefix, config.Catalog[0].Label, config.Catalog[1].Tiers[0].Monthly = "", "", "x"
		if problems := config.Validate(); len(problems) != 3 {
			t.Fatalf("got %v", problems)
		}
	})
}
