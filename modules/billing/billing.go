// Package billing turns metered hours into charges, once: the hourly run, what it charged, and the proof that it did so.
package billing

import (
	"context"
	"fmt"
	"os"
	"time"

	"suiftly/internal/host"
	"suiftly/internal/jobs"
	"suiftly/internal/money"
	"suiftly/modules/logs"
	"suiftly/modules/services"
	"suiftly/modules/wallet"
)

// Config is billing's part of the configuration.
type Config struct {
	Every   time.Duration `koanf:"every"`   // between two runs
	Workers int           `koanf:"workers"` // groups of customers billed at the same time
	Safety  Safety        `koanf:"safety"`
}

// Safety is the bound beyond which an hour is not charged before an operator looked at it: more than Factor times the
// customer's median hour of that service in the seven days before. It leaves alone what it cannot judge: hours of at most FloorUSD, and
// customers with fewer than MinHours charged hours in those days, whose first real traffic would always look like too much.
type Safety struct {
	Factor   int64        `koanf:"factor"` // 0: no bound
	FloorUSD money.Micros `koanf:"floor_usd"`
	MinHours int64        `koanf:"min_hours"`
}

// DefaultConfig bills every hour.
func DefaultConfig() Config {
	return Config{Every: time.Hour, Workers: 4, Safety: Safety{Factor: 100, FloorUSD: money.Dollar, MinHours: 24}}
}

// Validate says everything that is wrong with c.
func (c Config) Validate() []error {
	var wrong []error
	refuse := func(bad bool, format string, args ...any) {
		if bad {
			wrong = append(wrong, fmt.Errorf(format, args...))
		}
	}
	refuse(c.Every < time.Minute || c.Every > 24*time.Hour, "billing.every: %s is not between 1m and 24h", c.Every)
	refuse(c.Workers < 1 || c.Workers > 64, "billing.workers: %d is not between 1 and 64", c.Workers)
	refuse(c.Safety.Factor < 0, "billing.safety.factor: %d is negative; 0 switches the bound off", c.Safety.Factor)
	refuse(c.Safety.FloorUSD < 0, "billing.safety.floor_usd: %s is negative", c.Safety.FloorUSD)
	refuse(c.Safety.MinHours < 1 || c.Safety.MinHours > 168, "billing.safety.min_hours: %d is not between 1 and 168, the hours of seven days", c.Safety.MinHours)
	return wrong
}

// Module is the room. It alone enters others: it asks logs what was used, services what that costs, and posts to the wallet.
type Module struct {
	Replica string // who is running, for the record of runs; the host's name and process unless main says otherwise

	kit      host.Kit
	config   Config
	services *services.Module
	wallet   *wallet.Module
	logs     *logs.Module

	groupHours int64 // bounds the customers billed in one transaction
}

// New builds the room.
func New(kit host.Kit, c Config, s *services.Module, w *wallet.Module, l *logs.Module) *Module {
	name, _ := os.Hostname()
	return &Module{
		Replica: fmt.Sprintf("%s:%d", name, os.Getpid()), kit: kit, config: c, services: s, wallet: w, logs: l, groupHours: groupHours,
	}
}

// Name is "billing".
func (m *Module) Name() string { return "billing" }

// Jobs is the billing run. Missed runs are caught up in order, so that what was used before a month's end counts in that
// month even when billing was down over it.
func (m *Module) Jobs() []jobs.Job {
	return []jobs.Job{{Name: "billing.run", Every: m.config.Every, CatchUp: true, Run: func(ctx context.Context, run jobs.Run) error {
		_, err := m.run(ctx, run.Due, run.Fence)
		return err
	}}}
}

// Health asks whether the charges can be read. A late or failed run is an alert, not a reason to take replicas out.
func (m *Module) Health(ctx context.Context) error { return ping(ctx, m.kit.DB) }
