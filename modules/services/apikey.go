package services

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/audit"
	"suiftly/internal/customer"
	"suiftly/internal/fault"
	"suiftly/internal/pg"
)

// The refusals of API keys.
var (
	ErrTooManyKeys = fault.New(fault.Conflict, "services.too_many_keys", "As many API keys exist as the configuration allows. Revoke one, or raise their number in the configuration.")
	ErrNoKey       = fault.New(fault.NotFound, "services.no_such_key", "There is no such API key.")
	ErrBadKeyName  = fault.New(fault.Invalid, "services.bad_key_name", "This is not a name for an API key.")
)

// APIKey is what we keep of a key: never the key.
type APIKey struct {
	ID         string      `db:"key_id"`
	Customer   customer.ID `db:"customer_id"`
	Service    string      `db:"service"`
	Name       string      `db:"name"`
	Prefix     string      `db:"prefix"`
	SHA256     string      `db:"key_sha256"`
	CreatedAt  time.Time   `db:"created_at"`
	ExpiresAt  *time.Time  `db:"expires_at"`
	ReplacedBy *string     `db:"replaced_by"` // the key that came instead: this one works until ExpiresAt
	Networks   Networks    `db:"networks"`    // from where it may be used; empty: from anywhere
}

const maxKeyName = 60

// newSecret draws a key: <prefix>_<id>_<secret>. The id names the key in lists and logs; the secret is 256 random bits.
func newSecret(prefix string) (id, key string) {
	id = base62(8, 11)
	return id, prefix + "_" + id + "_" + base62(32, 43)
}

// base62 writes n random bytes in width digits, which must hold them: 62^11 > 2^64, 62^43 > 2^256.
func base62(n, width int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails: crypto/rand ends the process instead
	s := new(big.Int).SetBytes(b).Text(62)
	return strings.Repeat("0", width-len(s)) + s
}

// hashKey is the lower-case hex SHA-256 of the whole presented key: what HAProxy's sha2(256),hex,lower makes of it.
func hashKey(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

func keyName(name string) (string, error) {
	name = strings.TrimSpace(name)
	if n := utf8.RuneCountInString(name); n < 1 || n > maxKeyName || strings.ContainsFunc(name, unicode.IsControl) {
		return "", ErrBadKeyName.With(fault.Field{Name: "name", Message: fmt.Sprintf("Give 1 to %d characters in one line.", maxKeyName)})
	}
	return name, nil
}

// newKey draws a key. It is not in the database yet.
func (m *Module) newKey(id customer.ID, service, name string, terms ...KeyTerm) (APIKey, string, error) {
	name, err := keyName(name)
	if err != nil {
		return APIKey{}, "", err
	}
	keyID, key := newSecret(m.config.APIKeyPrefix)
	k := APIKey{
		ID: keyID, Customer: id, Service: service, Name: name, Prefix: m.config.APIKeyPrefix,
		SHA256: hashKey(key), CreatedAt: m.kit.Now(),
	}
	for _, bind := range terms {
		bind(&k)
	}
	return k, key, checkExpiry(k.ExpiresAt, k.CreatedAt)
}

// CreateKey makes an API key of a service. The key itself is in this answer only.
func (m *Module) CreateKey(ctx context.Context, id customer.ID, service, name string, terms ...KeyTerm) (APIKey, string, error) {
	t, err := m.catalog.Type(service)
	if err != nil {
		return APIKey{}, "", err
	}
	k, key, err := m.newKey(id, service, name, terms...)
	if err != nil {
		return APIKey{}, "", err
	}
	err = pg.Tx(ctx, m.kit.DB, func(tx *sqlx.Tx) error {
		current, err := m.locked(ctx, tx, id, service)
		if err != nil {
			return err
		}
		settings, _, err := current.read()
		if err != nil {
			return err
		}
		if limit := settings.keyLimit(); current.Keys >= limit {
			return ErrTooManyKeys.Say("Your %s configuration allows %d API %s, and %d %s. Revoke one, or raise API keys in the configuration.",
				t.Label, limit, plural(limit, "key", "keys"), current.Keys, plural(current.Keys, "exists", "exist"))
		}
		if err := insertKey(ctx, tx, k); err != nil {
			return err
		}
		return audit.Write(ctx, tx, k.entry("services.key_created"))
	})
	if err != nil {
		return APIKey{}, "", fmt.Errorf("create an API key: %w", err)
	}
	return k, key, nil
}

// Keys lists the keys that work and those that expired lately, oldest first.
func (m *Module) Keys(ctx context.Context, id customer.ID) ([]APIKey, error) {
	return selectKeys(ctx, m.kit.DB, id, m.kit.Now())
}

// RenameKey gives a key another name.
func (m *Module) RenameKey(ctx context.Context, id customer.ID, keyID, name string) (APIKey, error) {
	name, err := keyName(name)
	if err != nil {
		return APIKey{}, err
	}
	return m.changeKey(ctx, "services.key_renamed", func(tx pg.Q) (APIKey, error) { return renameKey(ctx, tx, id, keyID, name) })
}

// RevokeKey ends a key: HAProxy refuses it within seconds, and nothing brings it back.
func (m *Module) RevokeKey(ctx context.Context, id customer.ID, keyID string) error {
	_, err := m.changeKey(ctx, "services.key_revoked", func(tx pg.Q) (APIKey, error) { return revokeKey(ctx, tx, id, keyID, m.kit.Now()) })
	return err
}

func (m *Module) changeKey(ctx context.Context, action string, change func(pg.Q) (APIKey, error)) (k APIKey, err error) {
	err = pg.Tx(ctx, m.kit.DB, func(tx *sqlx.Tx) error {
		if k, err = change(tx); err != nil {
			return err
		}
		return audit.Write(ctx, tx, k.entry(action))
	})
	return k, err
}

func (k APIKey) entry(action string) audit.Entry {
	return audit.Entry{Action: action, Subject: "key " + k.ID, Customer: k.Customer, Detail: map[string]any{
		"service": k.Service, "name": k.Name, "expires_at": k.ExpiresAt, "networks": texts(k.Networks),
	}}
}

func plural(n int64, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
