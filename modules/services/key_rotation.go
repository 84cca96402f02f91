package services

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/audit"
	"suiftly/internal/customer"
	"suiftly/internal/fault"
	"suiftly/internal/pg"
)

// The refusals of what ends a key.
var (
	ErrKeyReplaced = fault.New(fault.Conflict, "services.key_replaced", "This API key was rotated: it works until its overlap ends, and can only be revoked earlier.")
	ErrKeyExpired  = fault.New(fault.Conflict, "services.key_expired", "This API key has expired. Create a new one.")
	ErrKeyRotating = fault.New(fault.Conflict, "services.key_rotating", "The API key that this one replaced still works. Revoke that one first, or wait until its overlap ends.")
	ErrBadExpiry   = fault.New(fault.Invalid, "services.bad_expiry", "An API key cannot end then.")
	ErrBadNetworks = fault.New(fault.Invalid, "services.bad_networks", "This list of networks cannot be kept: see the fields.")
)

const (
	maxKeyLife = 5 * 366 * 24 * time.Hour
	maxOverlap = 30 * 24 * time.Hour
)

// KeyTerm is what a new key may be bound to.
type KeyTerm func(*APIKey)

// Until ends the key by itself.
func Until(at time.Time) KeyTerm { return func(k *APIKey) { k.ExpiresAt = &at } }

// From binds the key to networks.
func From(list Networks) KeyTerm { return func(k *APIKey) { k.Networks = list } }

// expired reports whether the key has ended by itself.
func (k APIKey) expired(now time.Time) bool { return k.ExpiresAt != nil && !k.ExpiresAt.After(now) }

// replaced reports whether another key came instead of this one.
func (k APIKey) replaced() bool { return k.ReplacedBy != nil }

func checkExpiry(at *time.Time, now time.Time) error {
	if at == nil || at.After(now) && at.Before(now.Add(maxKeyLife)) {
		return nil
	}
	return ErrBadExpiry.With(fault.Field{Name: "expires_at", Message: "Give a time in the next five years."})
}

// RotateKey makes a new key with the name, networks and lifetime of an old one, which goes on for overlap and then ends. While
// both work they count as one. The new key itself is in this answer only.
func (m *Module) RotateKey(ctx context.Context, id customer.ID, keyID string, overlap time.Duration) (fresh APIKey, key string, err error) {
	if overlap < 0 || overlap > maxOverlap {
		return APIKey{}, "", ErrBadExpiry.With(fault.Field{Name: "overlap_hours", Message: fmt.Sprintf("Give 0 to %d hours.", int(maxOverlap.Hours()))})
	}
	now := m.kit.Now()
	err = pg.Tx(ctx, m.kit.DB, func(tx *sqlx.Tx) error {
		old, err := m.lockedKey(ctx, tx, id, keyID)
		if err != nil {
			return err
		}
		switch rotating, err := replacing(ctx, tx, keyID, now); {
		case err != nil:
			return err
		case rotating:
			return ErrKeyRotating
		}
		if fresh, key, err = m.newKey(id, old.Service, old.Name, From(old.Networks)); err != nil {
			return err
		}
		if old.ExpiresAt != nil {
			end := now.Add(old.ExpiresAt.Sub(old.CreatedAt))
			fresh.ExpiresAt = &end
		}
		if err := insertKey(ctx, tx, fresh); err != nil {
			return err
		}
		end := now.Add(overlap)
		if old.ExpiresAt != nil && old.ExpiresAt.Before(end) {
			end = *old.ExpiresAt
		}
		if err := replaceKey(ctx, tx, keyID, fresh.ID, end); err != nil {
			return err
		}
		entry := old.entry("services.key_rotated")
		entry.Detail = map[string]any{"service": old.Service, "name": old.Name, "new_key": fresh.ID, "old_works_until": end}
		return audit.Write(ctx, tx, entry)
	})
	if err != nil {
		return APIKey{}, "", fmt.Errorf("rotate API key %s: %w", keyID, err)
	}
	return fresh, key, nil
}

// SetExpiry makes a key end by itself; nil takes that back.
func (m *Module) SetExpiry(ctx context.Context, id customer.ID, keyID string, at *time.Time) (APIKey, error) {
	if err := checkExpiry(at, m.kit.Now()); err != nil {
		return APIKey{}, err
	}
	return m.changeKey(ctx, "services.key_expiry_set", func(tx pg.Q) (APIKey, error) {
		if _, err := m.lockedKey(ctx, tx, id, keyID); err != nil {
			return APIKey{}, err
		}
		return updateExpiry(ctx, tx, id, keyID, at)
	})
}

// SetNetworks binds a key to networks; none: it works from anywhere.
func (m *Module) SetNetworks(ctx context.Context, id customer.ID, keyID string, in []string) (APIKey, error) {
	list, fields := networks(in)
	if len(fields) > 0 {
		return APIKey{}, ErrBadNetworks.With(fields...)
	}
	return m.changeKey(ctx, "services.key_networks_set", func(tx pg.Q) (APIKey, error) {
		return updateNetworks(ctx, tx, id, keyID, list)
	})
}

// lockedKey gives a key that works and was not replaced, and keeps others from changing it or its service's keys.
func (m *Module) lockedKey(ctx context.Context, tx pg.Q, id customer.ID, keyID string) (APIKey, error) {
	k, err := selectKey(ctx, tx, id, keyID)
	if err != nil {
		return APIKey{}, err
	}
	// The service's row is locked before the key's, as creating does; what was read before the wait may be old.
	if _, err := lockConfig(ctx, tx, id, k.Service); err != nil {
		return APIKey{}, err
	}
	if k, err = selectKey(ctx, tx, id, keyID); err != nil {
		return APIKey{}, err
	}
	return k, k.refusal(m.kit.Now())
}

func (k APIKey) refusal(now time.Time) error {
	switch {
	case k.replaced():
		return ErrKeyReplaced
	case k.expired(now):
		return ErrKeyExpired
	}
	return nil
}
