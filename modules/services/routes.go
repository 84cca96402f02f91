package services

import (
	"context"
	"time"

	"suiftly/internal/customer"
)

type (
	serviceOut struct {
		Type          ServiceType `json:"type" doc:"The catalog's entry: everything a form needs."`
		Configuration configOut   `json:"configuration"`
	}
	servicesOut struct {
		Body struct {
			Services []serviceOut `json:"services"`
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
			Config Settings `json:"config" doc:"Completed with defaults."`
			Price  Price    `json:"price"`
		}
	}
	historyIn struct {
		ServiceIn
		Before int `query:"before" minimum:"0" doc:"Only versions below this one: the last of the page before."`
		Limit  int `query:"limit" minimum:"1" maximum:"100" default:"20"`
	}
	configVersion struct {
		Version   int       `json:"version"`
		Config    Settings  `json:"config"`
		Price     Price     `json:"price"`
		ChangedAt time.Time `json:"changed_at"`
		ChangedBy string    `json:"changed_by"`
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
	return out, err
}

func (m *Module) getConfig(ctx context.Context, in *ServiceIn) (*configAnswer, error) {
	c, err := m.Configuration(ctx, m.kit.DB, customer.From(ctx), in.Service)
	return &configAnswer{shown(c)}, err
}

func (m *Module) saveConfig(ctx context.Context, in *saveIn) (*configAnswer, error) {
	c, err := m.Save(ctx, customer.From(ctx), in.Service, in.Body.Version, in.Body.Config)
	return &configAnswer{shown(c)}, err
}

func (m *Module) enable(ctx context.Context, in *ServiceIn) (*configAnswer, error) {
	c, err := m.Enable(ctx, customer.From(ctx), in.Service)
	return &configAnswer{shown(c)}, err
}

func (m *Module) disable(ctx context.Context, in *ServiceIn) (*configAnswer, error) {
	c, err := m.Disable(ctx, customer.From(ctx), in.Service)
	return &configAnswer{shown(c)}, err
}

func (m *Module) quote(_ context.Context, in *quoteIn) (*quoteOut, error) {
	settings, price, err := m.Quote(in.Service, in.Body.Config)
	out := &quoteOut{}
	out.Body.Config, out.Body.Price = settings, price
	return out, err
}

func (m *Module) getHistory(ctx context.Context, in *historyIn) (*historyOut, error) {
	versions, err := m.History(ctx, customer.From(ctx), in.Service, in.Before, in.Limit)
	out := &historyOut{}
	out.Body.Versions = make([]configVersion, len(versions))
	for i, v := range versions {
		out.Body.Versions[i] = configVersion{Version: v.Number, Config: v.Settings, Price: v.Price, ChangedAt: v.ChangedAt, ChangedBy: v.ChangedBy}
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
