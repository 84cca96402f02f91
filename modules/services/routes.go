package services

import (
	"context"
	"errors"
	"time"

	"suiftly/internal/customer"
	"suiftly/internal/fault"
	"suiftly/internal/money"
)

type (
	serviceOut struct {
		Type          ServiceType `json:"type" doc:"The catalog's entry: everything a form needs."`
		Configuration configOut   `json:"configuration"`
	}
	servicesOut struct {
		Body struct {
			Services []serviceOut `json:"services"`
			Edge     *EdgeState   `json:"edge,omitempty"`
		}
	}
	configOut struct {
		Service      string     `json:"service"`
		State        string     `json:"state" enum:"off,enabled,suspended"`
		Enabled      bool       `json:"enabled" doc:"What you chose; a suspension does not change it."`
		SuspendedFor []string   `json:"suspended_for" doc:"Reasons; empty when nothing suspends your services."`
		Version      int        `json:"version" doc:"0: nothing is saved yet, config holds the defaults."`
		Config       Settings   `json:"config"`
		Price        Price      `json:"price"`
		ChangedAt    *time.Time `json:"changed_at,omitempty"`
		ChangedBy    string     `json:"changed_by,omitempty"`
		APIKeys      int64      `json:"api_keys" doc:"API keys that exist."`
		APIKeysMax   int64      `json:"api_keys_max" doc:"API keys that may exist."`
		Edge         *EdgeState `json:"edge,omitempty" doc:"Of get-config."`
	}
	// ServiceIn is exported, as is KeyIn: huma does not look into an embedded struct that is not, and the path would be lost.
	ServiceIn struct {
		Service string `path:"service" maxLength:"31" doc:"The service type, for example seal."`
	}
	configAnswer struct {
		Body configOut
	}
	saveIn struct {
		ServiceIn
		Body struct {
			Version int            `json:"version" minimum:"0" doc:"The version the change was made from; 0 for the first."`
			Config  map[string]any `json:"config" doc:"tier and options as the catalog describes them; what is left out takes its default."`
		}
	}
	quoteIn struct {
		ServiceIn
		Body struct {
			Config map[string]any `json:"config" doc:"As in save-config."`
		}
	}
	quoteOut struct {
		Body struct {
			Config        Settings     `json:"config" doc:"Completed with defaults."`
			Price         Price        `json:"price"`
			ChangeUSD     money.Micros `json:"change_usd" doc:"Against the saved configuration's price; all of it when nothing is saved."`
			EffectiveFrom time.Time    `json:"effective_from" doc:"Saved now, it holds from then on: the plan fee accrues by the second."`
		}
	}
	historyIn struct {
		ServiceIn
		Before int `query:"before" minimum:"0" doc:"Only versions below this one: the last of the page before."`
		Limit  int `query:"limit" minimum:"1" maximum:"100" default:"20"`
	}
	configVersion struct {
		Version        int           `json:"version"`
		Config         Settings      `json:"config"`
		Price          Price         `json:"price"`
		Changes        []Change      `json:"changes" doc:"Against the version before."`
		PriceChangeUSD money.Micros  `json:"price_change_usd" doc:"Against the version before."`
		Refused        []fault.Field `json:"refused" doc:"Why it cannot be restored: what today's catalog does not allow. Empty: it can."`
		ChangedAt      time.Time     `json:"changed_at"`
		ChangedBy      string        `json:"changed_by"`
	}
	restoreIn struct {
		ServiceIn
		Body struct {
			Version int `json:"version" minimum:"1" doc:"The version that is current."`
			Restore int `json:"restore" minimum:"1" doc:"The version to save again."`
		}
	}
	schemaOut struct {
		Body map[string]any
	}
	replayIn struct {
		ServiceIn
		Body struct {
			Config map[string]any `json:"config" doc:"As in save-config."`
			Month  string         `json:"month,omitempty" maxLength:"7" doc:"2026-10; absent: the month before this one."`
		}
	}
	replayOut struct {
		Body struct {
			From       time.Time    `json:"from"`
			To         time.Time    `json:"to" doc:"The end of the month, UTC."`
			Config     Settings     `json:"config" doc:"Completed with defaults."`
			Plan       Price        `json:"plan"`
			Usage      []UsageLine  `json:"usage" doc:"At today's prices."`
			TotalUSD   money.Micros `json:"total_usd"`
			CurrentUSD money.Micros `json:"current_usd" doc:"The same month with the saved configuration."`
		}
	}
	historyOut struct {
		Body struct {
			Versions []configVersion `json:"versions"`
		}
	}
)

func (m *Module) list(ctx context.Context, _ *struct{}) (*servicesOut, error) {
	all, err := m.Configurations(ctx, m.kit.DB, customer.From(ctx))
	out := &servicesOut{}
	out.Body.Services = make([]serviceOut, len(all))
	for i, c := range all {
		out.Body.Services[i] = serviceOut{Type: c.Service, Configuration: shown(c)}
	}
	if err == nil {
		out.Body.Edge, err = m.edgeState(ctx, customer.From(ctx))
	}
	return out, err
}

func (m *Module) getConfig(ctx context.Context, in *ServiceIn) (*configAnswer, error) {
	c, err := m.Configuration(ctx, m.kit.DB, customer.From(ctx), in.Service)
	if err != nil {
		return nil, err
	}
	out := &configAnswer{shown(c)}
	out.Body.Edge, err = m.edgeState(ctx, customer.From(ctx))
	return out, err
}

func (m *Module) saveConfig(ctx context.Context, in *saveIn) (*configAnswer, error) {
	c, err := m.Save(ctx, customer.From(ctx), in.Service, in.Body.Version, in.Body.Config)
	return &configAnswer{shown(c)}, m.withCurrent(ctx, in.Service, err)
}

func (m *Module) restore(ctx context.Context, in *restoreIn) (*configAnswer, error) {
	c, err := m.Restore(ctx, customer.From(ctx), in.Service, in.Body.Version, in.Body.Restore)
	return &configAnswer{shown(c)}, m.withCurrent(ctx, in.Service, err)
}

// withCurrent puts what is saved now into a conflict, so that nobody has to ask for it before going on.
func (m *Module) withCurrent(ctx context.Context, service string, err error) error {
	if !errors.Is(err, ErrConfigChanged) {
		return err
	}
	c, again := m.Configuration(ctx, m.kit.DB, customer.From(ctx), service)
	if again != nil {
		return again
	}
	return fault.Of(err).Now(shown(c))
}

func (m *Module) schema(_ context.Context, in *ServiceIn) (*schemaOut, error) {
	t, err := m.catalog.Type(in.Service)
	if err != nil {
		return nil, err
	}
	return &schemaOut{t.Schema()}, nil
}

func (m *Module) replay(ctx context.Context, in *replayIn) (*replayOut, error) {
	r, err := m.Replay(ctx, customer.From(ctx), in.Service, in.Body.Config, in.Body.Month)
	out := &replayOut{}
	out.Body.From, out.Body.To, out.Body.Config = r.From, r.To, r.Settings
	out.Body.Plan, out.Body.Usage, out.Body.TotalUSD, out.Body.CurrentUSD = r.Plan, r.Usage, r.Total, r.Current
	return out, err
}

func (m *Module) enable(ctx context.Context, in *ServiceIn) (*configAnswer, error) {
	c, err := m.Enable(ctx, customer.From(ctx), in.Service)
	return &configAnswer{shown(c)}, err
}

func (m *Module) disable(ctx context.Context, in *ServiceIn) (*configAnswer, error) {
	c, err := m.Disable(ctx, customer.From(ctx), in.Service)
	return &configAnswer{shown(c)}, err
}

func (m *Module) quote(ctx context.Context, in *quoteIn) (*quoteOut, error) {
	settings, price, err := m.Quote(in.Service, in.Body.Config)
	if err != nil {
		return nil, err
	}
	saved, err := m.Configuration(ctx, m.kit.DB, customer.From(ctx), in.Service)
	out := &quoteOut{}
	out.Body.Config, out.Body.Price, out.Body.EffectiveFrom = settings, price, m.kit.Now().UTC()
	out.Body.ChangeUSD = price.MonthlyUSD
	if saved.Version > 0 {
		out.Body.ChangeUSD -= saved.Price.MonthlyUSD
	}
	return out, err
}

func (m *Module) getHistory(ctx context.Context, in *historyIn) (*historyOut, error) {
	versions, err := m.History(ctx, customer.From(ctx), in.Service, in.Before, in.Limit)
	out := &historyOut{}
	out.Body.Versions = make([]configVersion, len(versions))
	for i, v := range versions {
		out.Body.Versions[i] = configVersion{
			Version: v.Number, Config: v.Settings, Price: v.Price, Changes: append([]Change{}, v.Changes...), PriceChangeUSD: v.PriceChange,
			Refused: append([]fault.Field{}, v.Refused...), ChangedAt: v.ChangedAt, ChangedBy: v.ChangedBy,
		}
	}
	return out, err
}

func shown(c Configuration) configOut {
	out := configOut{
		Service: c.Service.Name, State: c.State(), Enabled: c.Enabled, SuspendedFor: append([]string{}, c.SuspendedFor...),
		Version: c.Version, Config: c.Settings, Price: c.Price, ChangedBy: c.ChangedBy,
		APIKeys: c.Keys, APIKeysMax: c.Settings.keyLimit(),
	}
	if c.Version > 0 {
		out.ChangedAt = &c.ChangedAt
	}
	return out
}
