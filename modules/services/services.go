// Package services is the room of what customers buy: the catalog and its price book, configurations, API keys, and what
// the edge must know of them.
package services

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"suiftly/internal/edge"
	"suiftly/internal/host"
	"suiftly/internal/jobs"
	"suiftly/internal/web"
)

// Module is the services room.
type Module struct {
	// Used is what replays are priced from.
	Used Used

	kit     host.Kit
	config  Config
	catalog Catalog
	haproxy *edge.HAProxy
	log     *slog.Logger

	book    atomic.Int64 // our catalog's version in the price book; 0 until it is loaded
	books   sync.Map     // version -> Catalog: those read so far, they never change
	exports exports
	applied func(version string) // told after each time HAProxy has the newest maps; for tests
}

// New furnishes the room. The config must have passed Validate. haproxy is the HAProxy on this host, nil without one.
func New(kit host.Kit, c Config, haproxy *edge.HAProxy) *Module {
	catalog, _ := c.read()
	return &Module{
		kit: kit, config: c, catalog: catalog, haproxy: haproxy, log: kit.Log.With("room", "services"),
		exports: exports{turn: make(chan struct{}, 1)}, applied: func(string) {},
	}
}

// Name is the room's name.
func (m *Module) Name() string { return "services" }

// Jobs: none.
func (m *Module) Jobs() []jobs.Job { return nil }

// Health is nil when the catalog stands in the price book, without which nothing can be priced.
func (m *Module) Health(ctx context.Context) error {
	_, err := m.bookVersion(ctx)
	return err
}

// Routes are the room's endpoints.
func (m *Module) Routes(r *web.Router) {
	web.Get(r, "/", "list", web.Customer, "Every service with its catalog entry, your configuration and its price", m.list)
	web.Get(r, "/{service}/config", "get-config", web.Customer, "Your configuration of a service", m.getConfig)
	web.Put(r, "/{service}/config", "save-config", web.Active, "Save a configuration as a new version", m.saveConfig)
	web.Get(r, "/{service}/history", "history", web.Customer, "Saved versions of a configuration, newest first", m.getHistory)
	web.Post(r, "/{service}/restore", "restore-config", web.Active, "Save an old version again, as a new one", m.restore)
	web.Get(r, "/{service}/schema", "config-schema", web.Customer, "JSON Schema 2020-12 of the configurations of a service", m.schema)
	web.Post(r, "/{service}/replay", "replay", web.Customer, "What a month's real usage would have cost with a configuration", m.replay)
	web.Post(r, "/{service}/quote", "quote", web.Customer, "What a configuration would cost, without saving it", m.quote)
	web.Post(r, "/{service}/enable", "enable", web.Active, "Switch a service on", m.enable)
	web.Post(r, "/{service}/disable", "disable", web.Active, "Switch a service off", m.disable)
	web.Get(r, "/api-keys", "list-api-keys", web.Customer, "API keys that work, and those that expired in the last 30 days", m.listKeys)
	web.Post(r, "/api-keys", "create-api-key", web.Active, "Create an API key; the answer shows it once", m.createKey, web.Status(201), web.Secret())
	web.Patch(r, "/api-keys/{key_id}", "rename-api-key", web.Active, "Rename an API key", m.renameKey)
	web.Put(r, "/api-keys/{key_id}/expiry", "set-api-key-expiry", web.Active, "Make an API key end by itself, or take that back", m.setExpiry)
	web.Put(r, "/api-keys/{key_id}/networks", "set-api-key-networks", web.Active, "Bind an API key to networks", m.setNetworks)
	web.Post(r, "/api-keys/{key_id}/rotate", "rotate-api-key", web.Active, "Replace an API key; the answer shows the new one once", m.rotateKey, web.Status(201), web.Secret())
	web.Delete(r, "/api-keys/{key_id}", "revoke-api-key", web.Active, "Revoke an API key for good", m.revokeKey)
	web.Get(r, "/edge", "edge", web.Edge, "HAProxy's map files, as soon as they are others than those of If-None-Match", m.edge, web.Lasts(edgeWait+10*time.Second))
	web.Post(r, "/edge/ack", "edge-ack", web.Edge, "Tell which version a HAProxy holds: after each change, and again every 20 s", m.edgeAck)
	web.Get(r, "/edges", "edges", web.Operator, "Every HAProxy that was ever heard of, and what it holds", m.edges)
}
