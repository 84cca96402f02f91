package demo

import (
	"context"
	"fmt"

	"suiftly/internal/sui/suitest"
)

// purchase is one service of a demo customer and what it is used for.
type purchase struct {
	service, program string
	config           map[string]any
}

// purchases are what the accounts of the dev wallet buy. There is room for one more API key in each, to try that out.
var purchases = map[byte][]purchase{
	1: {
		{"seal", "production", map[string]any{"tier": "pro", "burst": true, "seal_keys": []int{5, 5}, "api_keys": 3}},
		{"graphql", "indexer", map[string]any{"tier": "starter", "api_keys": 2}},
	},
	2: {
		{"grpc", "game server", map[string]any{"tier": "pro", "api_keys": 2}},
		{"seal", "staging", map[string]any{"tier": "starter", "api_keys": 2}},
	},
}

// People signs both accounts of the dev wallet in at the dashboard address base and has them buy services and make API
// keys, as anybody would.
func People(ctx context.Context, base string) (people []*Customer, keys []Key, err error) {
	for _, account := range []byte{1, 2} {
		c, err := SignIn(ctx, base, suitest.NewWallet(account))
		if err != nil {
			return nil, nil, fmt.Errorf("demo customer %d: %w", account, err)
		}
		for _, p := range purchases[account] {
			if err := c.Buy(ctx, p.service, p.config); err != nil {
				return nil, nil, fmt.Errorf("demo customer %d: %w", account, err)
			}
			key, err := c.NewKey(ctx, p.service, p.program)
			if err != nil {
				return nil, nil, fmt.Errorf("demo customer %d: %w", account, err)
			}
			keys = append(keys, key)
		}
		people = append(people, c)
	}
	return people, keys, nil
}
