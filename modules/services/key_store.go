package services

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net/netip"
	"time"

	"github.com/lib/pq"

	"suiftly/internal/customer"
	"suiftly/internal/pg"
)

const insertKeySQL = `insert into services.api_keys (key_id, customer_id, service, name, prefix, key_sha256, created_at, expires_at, networks)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`

func insertKey(ctx context.Context, tx pg.Q, k APIKey) error {
	_, err := tx.ExecContext(ctx, insertKeySQL, k.ID, k.Customer, k.Service, k.Name, k.Prefix, k.SHA256, k.CreatedAt, k.ExpiresAt, k.Networks)
	return err
}

const keyColumns = `key_id, customer_id, service, name, prefix, key_sha256, created_at, expires_at, replaced_by, networks`

// A key that expired is shown for a month, one that was rotated until its overlap ends.
const keysSQL = `select ` + keyColumns + `
from services.api_keys
where customer_id = $1
  and revoked_at is null
  and (expires_at is null or expires_at > $2::timestamptz - case when replaced_by is null then interval '30 days' else interval '0' end)
order by created_at, key_id`

func selectKeys(ctx context.Context, q pg.Q, id customer.ID, now time.Time) (keys []APIKey, err error) {
	return keys, q.SelectContext(ctx, &keys, keysSQL, id, now)
}

const keySQL = `select ` + keyColumns + `
from services.api_keys
where customer_id = $1 and key_id = $2 and revoked_at is null`

func selectKey(ctx context.Context, q pg.Q, id customer.ID, keyID string) (APIKey, error) {
	return oneKey(ctx, q, keySQL, id, keyID)
}

const renameKeySQL = `update services.api_keys
set name = $3
where customer_id = $1 and key_id = $2 and revoked_at is null
returning ` + keyColumns

func renameKey(ctx context.Context, tx pg.Q, id customer.ID, keyID, name string) (APIKey, error) {
	return oneKey(ctx, tx, renameKeySQL, id, keyID, name)
}

const expireKeySQL = `update services.api_keys
set expires_at = $3
where customer_id = $1 and key_id = $2 and revoked_at is null
returning ` + keyColumns

func updateExpiry(ctx context.Context, tx pg.Q, id customer.ID, keyID string, at *time.Time) (APIKey, error) {
	return oneKey(ctx, tx, expireKeySQL, id, keyID, at)
}

const bindKeySQL = `update services.api_keys
set networks = $3
where customer_id = $1 and key_id = $2 and revoked_at is null
returning ` + keyColumns

func updateNetworks(ctx context.Context, tx pg.Q, id customer.ID, keyID string, list Networks) (APIKey, error) {
	return oneKey(ctx, tx, bindKeySQL, id, keyID, list)
}

const revokeKeySQL = `update services.api_keys
set revoked_at = greatest($3, created_at)
where customer_id = $1 and key_id = $2 and revoked_at is null
returning ` + keyColumns

func revokeKey(ctx context.Context, tx pg.Q, id customer.ID, keyID string, at time.Time) (APIKey, error) {
	return oneKey(ctx, tx, revokeKeySQL, id, keyID, at)
}

// greatest: the replica that rotates may have a clock behind the one that created.
const replaceKeySQL = `update services.api_keys
set replaced_by = $2, expires_at = greatest($3, created_at)
where key_id = $1`

func replaceKey(ctx context.Context, tx pg.Q, keyID, by string, end time.Time) error {
	_, err := tx.ExecContext(ctx, replaceKeySQL, keyID, by, end)
	return err
}

const replacingSQL = `select exists (
  select from services.api_keys where replaced_by = $1 and revoked_at is null and expires_at > $2
)`

// replacing reports whether a key that this one replaced still works.
func replacing(ctx context.Context, tx pg.Q, keyID string, now time.Time) (works bool, err error) {
	return works, tx.GetContext(ctx, &works, replacingSQL, keyID, now)
}

func oneKey(ctx context.Context, tx pg.Q, query string, args ...any) (k APIKey, err error) {
	if err = tx.GetContext(ctx, &k, query, args...); errors.Is(err, sql.ErrNoRows) {
		err = ErrNoKey
	}
	return k, err
}

// Networks is an allow-list as networks() makes it; in the database cidr[].
type Networks []netip.Prefix

// Value is for the database.
func (n Networks) Value() (driver.Value, error) { return pq.StringArray(texts(n)).Value() }

// Scan is for the database.
func (n *Networks) Scan(from any) error {
	var list pq.StringArray
	if err := list.Scan(from); err != nil {
		return err
	}
	*n = make(Networks, len(list))
	for i, text := range list {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return err
		}
		(*n)[i] = p
	}
	return nil
}

func texts(list []netip.Prefix) []string {
	out := make([]string, len(list))
	for i, p := range list {
		out[i] = p.String()
	}
	return out
}
