package config_test

import (
	"strings"
	"testing"

	"suiftly/internal/money"
)

func TestNumbersAsMoney(t *testing.T) {
	t.Run("an unquoted amount is dollars, to the last decimal", func(t *testing.T) {
		for yaml, want := range map[string]money.Micros{"25": 25_000_000, "0.06": 60_000, "0.000001": 1, "\"40.50\"": 40_500_000} {
			s, err := load(t, "tiers: {pro: {price_usd: "+yaml+"}}\n")
			if err != nil || s.Tiers["pro"].Price != want {
				t.Errorf("%s: got %v, %v", yaml, s.Tiers["pro"].Price, err)
			}
		}
	})
	t.Run("a seventh decimal is refused", func(t *testing.T) {
		if _, err := load(t, "tiers: {pro: {price_usd: 0.0000001}}\n"); err == nil || !strings.Contains(err.Error(), "price_usd") {
			t.Fatalf("got %v", err)
		}
	})
}
