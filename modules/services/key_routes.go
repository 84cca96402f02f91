package services

import (
	"context"
	"time"

	"suiftly/internal/customer"
	"suiftly/internal/web"
)

type (
	apiKeyOut struct {
		KeyID      string     `json:"key_id"`
		Service    string     `json:"service"`
		Name       string     `json:"name"`
		Hint       string     `json:"hint" doc:"How the key begins."`
		State      string     `json:"state" enum:"active,replaced,expired" doc:"A replaced key works until expires_at."`
		CreatedAt  time.Time  `json:"created_at"`
		ExpiresAt  *time.Time `json:"expires_at,omitempty" doc:"From then on it is refused; absent: it does not end by itself."`
		ReplacedBy *string    `json:"replaced_by,omitempty" doc:"The key it was rotated to."`
		Networks   []string   `json:"networks" doc:"From where it may be used; empty: from anywhere."`
	}
	apiKeysOut struct {
		Body struct {
			APIKeys     []apiKeyOut `json:"api_keys"`
			YourAddress string      `json:"your_address" doc:"From where this was asked, for a key's networks."`
			Edge        *EdgeState  `json:"edge,omitempty"`
		}
	}
	createKeyIn struct {
		Body struct {
			Service   string     `json:"service" maxLength:"31" doc:"The service type the key is for."`
			Name      string     `json:"name" minLength:"1" maxLength:"60" doc:"Yours to choose."`
			ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"When it ends by itself, within five years."`
			Networks  []string   `json:"networks,omitempty" maxItems:"50" doc:"Addresses and CIDR networks, IPv4 or IPv6, that may use it; none: all."`
		}
	}
	apiKeyCreated struct {
		APIKey  apiKeyOut `json:"api_key"`
		Key     string    `json:"key" doc:"Send it as the header X-API-Key. It is shown here only."`
		Warning string    `json:"warning,omitempty" doc:"That its networks exclude where you are now."`
	}
	createKeyOut struct {
		Body apiKeyCreated
	}
	// KeyIn names a key.
	KeyIn struct {
		KeyID string `path:"key_id" maxLength:"32"`
	}
	renameKeyIn struct {
		KeyIn
		Body struct {
			Name string `json:"name" minLength:"1" maxLength:"60"`
		}
	}
	keyExpiryIn struct {
		KeyIn
		Body struct {
			ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"Within five years; absent: it does not end by itself."`
		}
	}
	keyNetworksIn struct {
		KeyIn
		Body struct {
			Networks []string `json:"networks" maxItems:"50" doc:"Addresses and CIDR networks, IPv4 or IPv6; empty: from anywhere."`
		}
	}
	rotateKeyIn struct {
		KeyIn
		Body struct {
			OverlapHours int `json:"overlap_hours" minimum:"0" maximum:"720" doc:"How long the old key goes on; 0 ends it at once."`
		}
	}
	apiKeyAnswer struct {
		Body apiKeyOut
	}
	keyNetworksOut struct {
		Body struct {
			APIKey  apiKeyOut `json:"api_key"`
			Warning string    `json:"warning,omitempty" doc:"That the list excludes where you are now."`
		}
	}
)

func (m *Module) listKeys(ctx context.Context, _ *struct{}) (*apiKeysOut, error) {
	keys, err := m.Keys(ctx, customer.From(ctx))
	out := &apiKeysOut{}
	out.Body.APIKeys = make([]apiKeyOut, len(keys))
	for i, k := range keys {
		out.Body.APIKeys[i] = m.shownKey(k)
	}
	out.Body.YourAddress = web.CallerFrom(ctx).IP.Unmap().String()
	if err == nil {
		out.Body.Edge, err = m.edgeState(ctx, customer.From(ctx))
	}
	return out, err
}

func (m *Module) createKey(ctx context.Context, in *createKeyIn) (*createKeyOut, error) {
	list, fields := networks(in.Body.Networks)
	if len(fields) > 0 {
		return nil, ErrBadNetworks.With(fields...)
	}
	terms := []KeyTerm{From(list)}
	if in.Body.ExpiresAt != nil {
		terms = append(terms, Until(*in.Body.ExpiresAt))
	}
	k, key, err := m.CreateKey(ctx, customer.From(ctx), in.Body.Service, in.Body.Name, terms...)
	return &createKeyOut{apiKeyCreated{m.shownKey(k), key, excluded(k.Networks, web.CallerFrom(ctx).IP)}}, err
}

func (m *Module) rotateKey(ctx context.Context, in *rotateKeyIn) (*createKeyOut, error) {
	k, key, err := m.RotateKey(ctx, customer.From(ctx), in.KeyID, time.Duration(in.Body.OverlapHours)*time.Hour)
	return &createKeyOut{apiKeyCreated{m.shownKey(k), key, excluded(k.Networks, web.CallerFrom(ctx).IP)}}, err
}

func (m *Module) renameKey(ctx context.Context, in *renameKeyIn) (*apiKeyAnswer, error) {
	k, err := m.RenameKey(ctx, customer.From(ctx), in.KeyID, in.Body.Name)
	return &apiKeyAnswer{m.shownKey(k)}, err
}

func (m *Module) setExpiry(ctx context.Context, in *keyExpiryIn) (*apiKeyAnswer, error) {
	k, err := m.SetExpiry(ctx, customer.From(ctx), in.KeyID, in.Body.ExpiresAt)
	return &apiKeyAnswer{m.shownKey(k)}, err
}

func (m *Module) setNetworks(ctx context.Context, in *keyNetworksIn) (*keyNetworksOut, error) {
	k, err := m.SetNetworks(ctx, customer.From(ctx), in.KeyID, in.Body.Networks)
	out := &keyNetworksOut{}
	out.Body.APIKey, out.Body.Warning = m.shownKey(k), excluded(k.Networks, web.CallerFrom(ctx).IP)
	return out, err
}

func (m *Module) revokeKey(ctx context.Context, in *KeyIn) (*struct{}, error) {
	return nil, m.RevokeKey(ctx, customer.From(ctx), in.KeyID)
}

func (m *Module) shownKey(k APIKey) apiKeyOut {
	out := apiKeyOut{
		KeyID: k.ID, Service: k.Service, Name: k.Name, Hint: k.Prefix + "_" + k.ID + "_…", State: "active",
		CreatedAt: k.CreatedAt.UTC(), ReplacedBy: k.ReplacedBy, Networks: texts(k.Networks),
	}
	if k.ExpiresAt != nil {
		at := k.ExpiresAt.UTC()
		out.ExpiresAt = &at
	}
	switch {
	case k.expired(m.kit.Now()):
		out.State = "expired"
	case k.replaced():
		out.State = "replaced"
	}
	return out
}
