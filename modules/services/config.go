package services

// Config is the services section of config.yaml.
type Config struct {
	APIKeyPrefix string       `koanf:"api_key_prefix"`
	Catalog      []TypeConfig `koanf:"catalog"`
}

// Dollars is a price as the operator wrote it: 20, 0.06 or "0.06". Text, because a forgotten price must not read as zero.
type Dollars string

// UnmarshalText lets the YAML have a number.
func (d *Dollars) UnmarshalText(text []byte) error {
	*d = Dollars(text)
	return nil
}

// TypeConfig is one service type as the operator writes it.
type TypeConfig struct {
	Name        string            `koanf:"name"`
	Label       string            `koanf:"label"`
	Description string            `koanf:"description"`
	Requests    []RequestsConfig  `koanf:"requests"`
	Bandwidth   []BandwidthConfig `koanf:"bandwidth"`
	Tiers       []TierConfig      `koanf:"tiers"`
	Options     []OptionConfig    `koanf:"options"`
}

// RequestsConfig is one step of the price of requests.
type RequestsConfig struct {
	UpTo       int64   `koanf:"up_to"`
	PerMillion Dollars `koanf:"per_million"`
}

// BandwidthConfig is one step of the price of bytes sent.
type BandwidthConfig struct {
	UpToGiB int64   `koanf:"up_to_gib"`
	PerGiB  Dollars `koanf:"per_gib"`
}

// TierConfig is a plan.
type TierConfig struct {
	Name          string  `koanf:"name"`
	Label         string  `koanf:"label"`
	Monthly       Dollars `koanf:"monthly"`
	GuaranteedRPS int64   `koanf:"guaranteed_rps"`
}

// OptionConfig is what a customer may set beside the tier. See the kinds in catalog.go.
type OptionConfig struct {
	Name         string       `koanf:"name"`
	Label        string       `koanf:"label"`
	Description  string       `koanf:"description"`
	Kind         string       `koanf:"kind"`
	RequiresTier []string     `koanf:"requires_tier"`
	Monthly      Dollars      `koanf:"monthly"`
	Count        *CountConfig `koanf:"count"`
	Each         *CountConfig `koanf:"each"`
}

// CountConfig bounds and prices a number.
type CountConfig struct {
	Unit     string  `koanf:"unit"`
	Min      int64   `koanf:"min"`
	Max      int64   `koanf:"max"`
	Included int64   `koanf:"included"`
	Monthly  Dollars `koanf:"monthly"`
}

// DefaultConfig sells seal, grpc and graphql at the prices of PB1.
func DefaultConfig() Config {
	tiers := func() []TierConfig {
		return []TierConfig{
			{Name: "starter", Label: "Starter", Monthly: "20", GuaranteedRPS: 100},
			{Name: "pro", Label: "Pro", Monthly: "40", GuaranteedRPS: 1000},
		}
	}
	burst := OptionConfig{
		Name: "burst", Label: "Burst", Description: "Serve short peaks above the guaranteed rate.",
		Kind: KindSwitch, RequiresTier: []string{"pro"}, Monthly: "10",
	}
	sealKeys := OptionConfig{
		Name: "seal_keys", Label: "Seal keys", Description: "Each Seal key serves its own packages.", Kind: KindCounts,
		Count: &CountConfig{Unit: "seal key", Min: 1, Max: 20, Included: 1, Monthly: "5"},
		Each:  &CountConfig{Unit: "package", Min: 1, Max: 100, Included: 3, Monthly: "1"},
	}
	apiKeys := OptionConfig{
		Name: apiKeysOption, Label: "API keys", Description: "How many API keys may exist at once.", Kind: KindCount,
		Count: &CountConfig{Unit: "API key", Min: 1, Max: 50, Included: 1, Monthly: "1"},
	}
	flat := func(name, label, description string, perGiB Dollars, options ...OptionConfig) TypeConfig {
		return TypeConfig{
			Name: name, Label: label, Description: description, Tiers: tiers(), Options: options,
			Requests: []RequestsConfig{{PerMillion: "100"}}, Bandwidth: []BandwidthConfig{{PerGiB: perGiB}},
		}
	}
	return Config{
		APIKeyPrefix: "sfk",
		Catalog: []TypeConfig{
			flat("seal", "Seal", "Key servers for Seal: decryption keys for your packages.", "0", burst, sealKeys, apiKeys),
			flat("grpc", "gRPC", "Sui full node access over gRPC.", "0.06", burst, apiKeys),
			flat("graphql", "GraphQL", "Sui indexer access over GraphQL.", "0.06", burst, apiKeys),
		},
	}
}

// Validate gives every problem of the section.
func (c Config) Validate() []error {
	_, problems := c.read()
	return problems
}

func (c Config) read() (Catalog, []error) {
	r := reader{}
	if !prefixPattern.MatchString(c.APIKeyPrefix) {
		r.bad("services.api_key_prefix", "%q is not 2 to 10 lower-case letters", c.APIKeyPrefix)
	}
	return r.catalog("services.catalog", c.Catalog), r.problems
}
