// Package logs is the room that takes in what HAProxy logged, keeps it exactly once and meters it.
package logs

import (
	"context"

	"suiftly/internal/customer"
	"suiftly/internal/host"
)

// Config is the `logs` part of the configuration.
type Config struct {
	MeterBatches int `koanf:"meter_batches"`
}

// Module is the logs room.
type Module struct {
	kit    host.Kit
	config Config

	// Known tells which of some customer ids exist. It is set once, before Run.
	Known func(context.Context, []customer.ID) (map[customer.ID]bool, error)
}

// New gives the room.
func New(kit host.Kit, c Config) *Module { return &Module{kit: kit, config: c} }
