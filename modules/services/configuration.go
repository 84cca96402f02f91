package services

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/audit"
	"suiftly/internal/customer"
	"suiftly/internal/fault"
	"suiftly/internal/pg"
)

// The refusals of configurations.
var (
	ErrNoService     = fault.New(fault.NotFound, "services.unknown", "There is no such service.")
	ErrBadConfig     = fault.New(fault.Invalid, "services.bad_config", "This configuration cannot be saved: see the fields.")
	ErrConfigChanged = fault.New(fault.Conflict, "services.config_changed", "The configuration was changed meanwhile. Load it again, then repeat your change.")
	ErrNotConfigured = fault.New(fault.Conflict, "services.not_configured", "Save a configuration of this service first.")
)

// The states of a service for a customer.
const (
	StateOff       = "off"       // the customer has not enabled it
	StateEnabled   = "enabled"   // its keys work
	StateSuspended = "suspended" // the customer enabled it, but a suspension holds
)

// Configuration is a customer's side of one service.
type Configuration struct {
	Service      ServiceType
	Version      int // 0: never saved, Settings are the defaults
	Settings     Settings
	Price        Price
	Enabled      bool
	SuspendedFor []string // reasons
	ChangedAt    time.Time
	ChangedBy    string
	Keys         int64 // that work
}

// State sums up intent and suspension.
func (c Configuration) State() string {
	switch {
	case !c.Enabled:
		return StateOff
	case len(c.SuspendedFor) > 0:
		return StateSuspended
	}
	return StateEnabled
}

// Configurations gives the customer's side of every service of the catalog, in its order.
func (m *Module) Configurations(ctx context.Context, q pg.Q, id customer.ID) ([]Configuration, error) {
	rows, err := selectConfigs(ctx, q, id, "", m.kit.Now())
	if err != nil {
		return nil, err
	}
	reasons, err := selectSuspensions(ctx, q, id)
	if err != nil {
		return nil, err
	}
	saved := map[string]configRow{}
	for _, row := range rows {
		saved[row.Service] = row
	}
	all := make([]Configuration, len(m.catalog.Types))
	for i, t := range m.catalog.Types {
		c := Configuration{Service: t, SuspendedFor: reasons}
		if row, ok := saved[t.Name]; ok {
			c.Version, c.Enabled, c.ChangedAt, c.ChangedBy, c.Keys = row.Version, row.Enabled, row.ChangedAt, row.ChangedBy, row.Keys
			c.Settings, c.Price, err = row.read()
		} else {
			c.Settings = t.Defaults()
			c.Price, err = t.Price(c.Settings)
		}
		if err != nil {
			return nil, err
		}
		all[i] = c
	}
	return all, nil
}

// Configuration gives the customer's side of one service.
func (m *Module) Configuration(ctx context.Context, q pg.Q, id customer.ID, service string) (Configuration, error) {
	if _, err := m.catalog.Type(service); err != nil {
		return Configuration{}, err
	}
	all, err := m.Configurations(ctx, q, id)
	if err != nil {
		return Configuration{}, err
	}
	for _, c := range all {
		if c.Service.Name == service {
			return c, nil
		}
	}
	return Configuration{}, ErrNoService
}

// Quote completes and prices a configuration without saving it.
func (m *Module) Quote(service string, in map[string]any) (Settings, Price, error) {
	t, err := m.catalog.Type(service)
	if err != nil {
		return nil, Price{}, err
	}
	settings, fields := t.Check(in)
	if len(fields) > 0 {
		return nil, Price{}, ErrBadConfig.With(fields...)
	}
	price, err := t.Price(settings)
	return settings, price, err
}

// Save makes a configuration the current one. version is the one it was made from, 0 for the first; when another was saved
// meanwhile nothing changes. Its price stays what it is now until the next save.
func (m *Module) Save(ctx context.Context, id customer.ID, service string, version int, in map[string]any) (Configuration, error) {
	settings, price, err := m.Quote(service, in)
	if err != nil {
		return Configuration{}, err
	}
	book, err := m.bookVersion(ctx)
	if err != nil {
		return Configuration{}, err
	}
	var saved Configuration
	err = pg.Tx(ctx, m.kit.DB, func(tx *sqlx.Tx) error {
		if err := m.save(ctx, tx, id, service, version, settings, price, book); err != nil {
			return fmt.Errorf("save %s: %w", service, err)
		}
		saved, err = m.Configuration(ctx, tx, id, service)
		return err
	})
	return saved, err
}

func (m *Module) save(ctx context.Context, tx pg.Q, id customer.ID, service string, version int, s Settings, p Price, book int64) error {
	before, err := m.locked(ctx, tx, id, service)
	if err != nil && !errors.Is(err, ErrNotConfigured) {
		return err
	}
	if before.Version != version {
		return configChanged(before.Version)
	}
	if before.Keys > s.keyLimit() {
		return ErrBadConfig.With(fault.Field{Name: apiKeysOption, Message: fmt.Sprintf(
			"%d API keys exist. Revoke %d of them first.", before.Keys, before.Keys-s.keyLimit())})
	}
	config, err := json.Marshal(s)
	if err != nil {
		return err
	}
	lines, err := json.Marshal(p.Lines)
	if err != nil {
		return err
	}
	after := configRow{
		Service: service, Version: version + 1, Config: config, Lines: lines, Monthly: p.MonthlyUSD, Book: book,
		ChangedBy: actor(ctx), ChangedAt: m.kit.Now(),
	}
	if err := insertVersion(ctx, tx, id, after); err != nil {
		return err
	}
	if err := putCurrent(ctx, tx, id, service, after.Version); err != nil {
		return err
	}
	detail := map[string]any{"version": after.Version, "config": s, "monthly_usd": p.MonthlyUSD}
	if before.Version > 0 {
		detail["before"] = map[string]any{"version": before.Version, "config": json.RawMessage(before.Config), "monthly_usd": before.Monthly}
	}
	return audit.Write(ctx, tx, audit.Entry{Action: "services.config_saved", Subject: service, Customer: id, Detail: detail})
}

// locked gives the current configuration and keeps others from changing it; the zero row with ErrNotConfigured when nothing
// was saved yet. It reads in a second statement: the one that waits for the lock would still count the keys, and join the
// version, of before its wait.
func (m *Module) locked(ctx context.Context, tx pg.Q, id customer.ID, service string) (configRow, error) {
	if _, err := lockConfig(ctx, tx, id, service); err != nil {
		return configRow{}, err
	}
	rows, err := selectConfigs(ctx, tx, id, service, m.kit.Now())
	if err != nil {
		return configRow{}, err
	}
	if len(rows) != 1 {
		return configRow{}, fmt.Errorf("%d current configurations of %s", len(rows), service)
	}
	return rows[0], nil
}

func configChanged(current int) error {
	return ErrConfigChanged.With(fault.Field{Name: "version", Message: fmt.Sprintf("The current version is %d.", current)})
}

// Enable opens a period in which the service serves and its plan fee accrues. Enabling twice is enabling once.
func (m *Module) Enable(ctx context.Context, id customer.ID, service string) (Configuration, error) {
	return m.toggle(ctx, id, service, "services.enabled", openPeriod)
}

// Disable closes the period; the configuration and the API keys stay.
func (m *Module) Disable(ctx context.Context, id customer.ID, service string) (Configuration, error) {
	return m.toggle(ctx, id, service, "services.disabled", closePeriod)
}

func (m *Module) toggle(ctx context.Context, id customer.ID, service, action string,
	change func(context.Context, pg.Q, customer.ID, string, time.Time) (bool, error)) (Configuration, error) {
	if _, err := m.catalog.Type(service); err != nil {
		return Configuration{}, err
	}
	var after Configuration
	err := pg.Tx(ctx, m.kit.DB, func(tx *sqlx.Tx) error {
		current, err := m.locked(ctx, tx, id, service)
		if err != nil {
			return err
		}
		changed, err := change(ctx, tx, id, service, m.kit.Now())
		if err != nil {
			return err
		}
		if changed {
			err = audit.Write(ctx, tx, audit.Entry{Action: action, Subject: service, Customer: id,
				Detail: map[string]any{"version": current.Version, "monthly_usd": current.Monthly}})
			if err != nil {
				return err
			}
		}
		after, err = m.Configuration(ctx, tx, id, service)
		return err
	})
	return after, err
}

// Suspend stops all of a customer's services for a reason, in the caller's transaction. What the customer enabled stays
// enabled in intent. Suspending twice for one reason is suspending once.
func (m *Module) Suspend(ctx context.Context, tx pg.Q, id customer.ID, reason string) error {
	return m.suspension(ctx, tx, id, reason, "services.suspended", insertSuspension)
}

// Resume ends one reason; the services serve again when no other holds.
func (m *Module) Resume(ctx context.Context, tx pg.Q, id customer.ID, reason string) error {
	return m.suspension(ctx, tx, id, reason, "services.resumed", endSuspension)
}

func (m *Module) suspension(ctx context.Context, tx pg.Q, id customer.ID, reason, action string,
	change func(context.Context, pg.Q, customer.ID, string, time.Time) (bool, error)) error {
	changed, err := change(ctx, tx, id, reason, m.kit.Now())
	if err != nil || !changed {
		return err
	}
	return audit.Write(ctx, tx, audit.Entry{Action: action, Subject: reason, Customer: id})
}

func actor(ctx context.Context) string {
	if id := customer.From(ctx); id != 0 {
		return "customer:" + strconv.FormatInt(int64(id), 10)
	}
	return "system"
}
