package services

import (
	"context"

	"suiftly/internal/customer"
	"suiftly/internal/pg"
)

const closedReason = "closed"

// Close stops all services of a customer whose account is being closed, in the caller's transaction. The reason never ends.
func (m *Module) Close(ctx context.Context, tx pg.Q, id customer.ID) error {
	// Without Suspend's audit entry: closing the account is one change and leaves one.
	_, err := insertSuspension(ctx, tx, id, closedReason, m.kit.Now())
	return err
}

type servicesExport struct {
	Services []configOut `json:"services"`
	APIKeys  []apiKeyOut `json:"api_keys"`
}

// Export is what the room keeps of a customer, for the customer's own copy; of the keys, never the secrets.
func (m *Module) Export(ctx context.Context, q pg.Q, id customer.ID) (any, error) {
	all, err := m.Configurations(ctx, q, id)
	if err != nil {
		return nil, err
	}
	keys, err := selectKeys(ctx, q, id, m.kit.Now())
	out := servicesExport{make([]configOut, len(all)), make([]apiKeyOut, len(keys))}
	for i, c := range all {
		out.Services[i] = shown(c)
	}
	for i, k := range keys {
		out.APIKeys[i] = m.shownKey(k)
	}
	return out, err
}
