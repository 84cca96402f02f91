// Package wallet keeps every customer's money: a double-entry ledger that only grows, and the balances that follow from it.
package wallet

import (
	"context"

	"suiftly/internal/host"
	"suiftly/internal/jobs"
	"suiftly/internal/money"
)

// Config is the wallet's part of the configuration.
type Config struct {
	WelcomeCreditUSD money.Micros `koanf:"welcome_credit_usd"` // given once to a new customer
}

// DefaultConfig gives new customers nothing.
func DefaultConfig() Config { return Config{} }

// maxWelcomeCredit keeps a slip of the decimal point from becoming everybody's free year.
const maxWelcomeCredit = 10_000 * money.Dollar

// Validate says everything that is wrong with c.
func (c Config) Validate() []error {
	var wrong []error
	if c.WelcomeCreditUSD < 0 || c.WelcomeCreditUSD > maxWelcomeCredit {
		wrong = append(wrong, errWelcomeCredit)
	}
	return wrong
}

// Module is the room.
type Module struct {
	kit    host.Kit
	config Config
}

// New builds the room.
func New(kit host.Kit, c Config) *Module { return &Module{kit: kit, config: c} }

// Name is "wallet".
func (m *Module) Name() string { return "wallet" }

// Jobs is empty: the ledger has nothing to do by itself.
func (m *Module) Jobs() []jobs.Job { return nil }

// Health asks whether the ledger can be read.
func (m *Module) Health(ctx context.Context) error { return ping(ctx, m.kit.DB) }
