package services

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"suiftly/internal/customer"
	"suiftly/internal/fault"
	"suiftly/internal/money"
)

// ErrNoVersion is a version that was never saved.
var ErrNoVersion = fault.New(fault.NotFound, "services.no_such_version", "There is no such version of this configuration.")

// Version is one saved configuration in a history.
type Version struct {
	Number      int
	Settings    Settings
	Price       Price
	ChangedBy   string
	ChangedAt   time.Time
	Changes     []Change      // against the version before; of the first: none
	PriceChange money.Micros  // the same
	Refused     []fault.Field // why today's catalog would not save it again; empty: it would
}

// Change is one field that differs between two configurations.
type Change struct {
	Name   string `json:"name" doc:"The field of the configuration."`
	Label  string `json:"label"`
	Before any    `json:"before,omitempty" doc:"Absent: the version before had no such field."`
	After  any    `json:"after,omitempty" doc:"Absent: this version has no such field."`
}

// History gives saved versions, newest first: at most limit, below the version number before (0: from the newest).
func (m *Module) History(ctx context.Context, id customer.ID, service string, before, limit int) ([]Version, error) {
	t, err := m.catalog.Type(service)
	if err != nil {
		return nil, err
	}
	rows, err := selectVersions(ctx, m.kit.DB, id, service, before, limit+1) // the last one differs from one that is not shown
	if err != nil {
		return nil, err
	}
	versions := make([]Version, len(rows))
	for i, row := range rows {
		v := Version{Number: row.Version, ChangedBy: row.ChangedBy, ChangedAt: row.ChangedAt}
		if v.Settings, v.Price, err = row.read(); err != nil {
			return nil, err
		}
		_, v.Refused = t.Check(v.Settings)
		versions[i] = v
		if i > 0 {
			after := &versions[i-1]
			after.Changes = t.changes(v.Settings, after.Settings)
			after.PriceChange = after.Price.MonthlyUSD - v.Price.MonthlyUSD
		}
	}
	return versions[:min(limit, len(versions))], nil
}

// Restore saves an old version again, as a new one made from version. What today's catalog does not allow is refused by field.
func (m *Module) Restore(ctx context.Context, id customer.ID, service string, version, old int) (Configuration, error) {
	if _, err := m.catalog.Type(service); err != nil {
		return Configuration{}, err
	}
	rows, err := selectVersions(ctx, m.kit.DB, id, service, old+1, 1)
	if err != nil {
		return Configuration{}, err
	}
	if len(rows) == 0 || rows[0].Version != old {
		return Configuration{}, ErrNoVersion
	}
	settings, _, err := rows[0].read()
	if err != nil {
		return Configuration{}, err
	}
	return m.Save(ctx, id, service, version, settings)
}

// changes lists what differs, in the catalog's order; fields that left the catalog come last.
func (t ServiceType) changes(before, after Settings) []Change {
	labels := map[string]string{tierKey: "Plan"}
	names := t.optionNames()
	for _, o := range t.Options {
		labels[o.Name] = o.Label
	}
	for _, s := range []Settings{before, after} {
		for _, name := range slices.Sorted(maps.Keys(s)) {
			if !slices.Contains(names, name) {
				names, labels[name] = append(names, name), name
			}
		}
	}
	var out []Change
	for _, name := range names {
		if a, b := before[name], after[name]; !reflect.DeepEqual(a, b) {
			out = append(out, Change{Name: name, Label: labels[name], Before: a, After: b})
		}
	}
	return out
}

func (row configRow) read() (s Settings, p Price, err error) {
	p.MonthlyUSD = row.Monthly
	if err = json.Unmarshal(row.Config, &s); err == nil {
		err = json.Unmarshal(row.Lines, &p.Lines)
	}
	if err != nil {
		err = fmt.Errorf("read version %d of %s: %w", row.Version, row.Service, err)
	}
	return s, p, err
}
