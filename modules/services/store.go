package services

import (
	"context"
	"database/sql"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/lib/pq"

	"suiftly/internal/customer"
	"suiftly/internal/money"
	"suiftly/internal/pg"
)

// configRow is one version of a configuration; Enabled and Keys are filled for the current one.
type configRow struct {
	Service   string          `db:"service"`
	Version   int             `db:"version"`
	Config    json.RawMessage `db:"config"`
	Lines     json.RawMessage `db:"price_lines"`
	Monthly   money.Micros    `db:"monthly_micros"`
	Book      int64           `db:"price_book_id"`
	ChangedBy string          `db:"changed_by"`
	ChangedAt time.Time       `db:"changed_at"`
	Enabled   bool            `db:"enabled"`
	Keys      int64           `db:"keys"`
}

//go:embed sql/list_configs.sql
var listConfigsSQL string

// selectConfigs gives the current configuration of one service, or of all when service is empty.
// now says which keys have expired.
func selectConfigs(ctx context.Context, q pg.Q, id customer.ID, service string, now time.Time) (rows []configRow, err error) {
	return rows, q.SelectContext(ctx, &rows, listConfigsSQL, id, service, now)
}

const lockConfigSQL = `select version from services.service_configs where customer_id = $1 and service = $2 for update`

// lockConfig lets one change of a service's configuration and keys happen after the other.
func lockConfig(ctx context.Context, tx pg.Q, id customer.ID, service string) (version int, err error) {
	if err = tx.GetContext(ctx, &version, lockConfigSQL, id, service); errors.Is(err, sql.ErrNoRows) {
		err = ErrNotConfigured
	}
	return version, err
}

const insertVersionSQL = `insert into services.config_versions
	(customer_id, service, version, config, price_lines, monthly_micros, price_book_id, changed_by, changed_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`

// insertVersion is where two first saves at once meet: there is no row to lock yet.
func insertVersion(ctx context.Context, tx pg.Q, id customer.ID, v configRow) error {
	_, err := tx.ExecContext(ctx, insertVersionSQL,
		id, v.Service, v.Version, string(v.Config), string(v.Lines), v.Monthly, v.Book, v.ChangedBy, v.ChangedAt)
	if pg.Violated(err, "config_versions_pkey") {
		return configChanged(v.Version)
	}
	return err
}

const putCurrentSQL = `insert into services.service_configs (customer_id, service, version)
values ($1, $2, $3)
on conflict (customer_id, service) do update set version = excluded.version`

func putCurrent(ctx context.Context, tx pg.Q, id customer.ID, service string, version int) error {
	_, err := tx.ExecContext(ctx, putCurrentSQL, id, service, version)
	return err
}

const versionsSQL = `select service, version, config, price_lines, monthly_micros, price_book_id, changed_by, changed_at
from services.config_versions
where customer_id = $1 and service = $2 and ($3 = 0 or version < $3)
order by version desc
limit $4`

func selectVersions(ctx context.Context, q pg.Q, id customer.ID, service string, before, limit int) (rows []configRow, err error) {
	return rows, q.SelectContext(ctx, &rows, versionsSQL, id, service, before, limit)
}

const openPeriodSQL = `insert into services.enabled_periods (customer_id, service, enabled_at)
values ($1, $2, $3)
on conflict (customer_id, service) where disabled_at is null do nothing`

func openPeriod(ctx context.Context, tx pg.Q, id customer.ID, service string, at time.Time) (bool, error) {
	return changed(tx.ExecContext(ctx, openPeriodSQL, id, service, at))
}

// greatest: the replica that closes may have a clock behind the one that opened.
const closePeriodSQL = `update services.enabled_periods
set disabled_at = greatest($3, enabled_at)
where customer_id = $1 and service = $2 and disabled_at is null`

func closePeriod(ctx context.Context, tx pg.Q, id customer.ID, service string, at time.Time) (bool, error) {
	return changed(tx.ExecContext(ctx, closePeriodSQL, id, service, at))
}

const suspensionsSQL = `select reason from services.suspensions where customer_id = $1 and resumed_at is null order by reason`

func selectSuspensions(ctx context.Context, q pg.Q, id customer.ID) (reasons []string, err error) {
	return reasons, q.SelectContext(ctx, &reasons, suspensionsSQL, id)
}

const insertSuspensionSQL = `insert into services.suspensions (customer_id, reason, suspended_at)
values ($1, $2, $3)
on conflict (customer_id, reason) where resumed_at is null do nothing`

func insertSuspension(ctx context.Context, tx pg.Q, id customer.ID, reason string, at time.Time) (bool, error) {
	return changed(tx.ExecContext(ctx, insertSuspensionSQL, id, reason, at))
}

const endSuspensionSQL = `update services.suspensions
set resumed_at = greatest($3, suspended_at)
where customer_id = $1 and reason = $2 and resumed_at is null`

func endSuspension(ctx context.Context, tx pg.Q, id customer.ID, reason string, at time.Time) (bool, error) {
	return changed(tx.ExecContext(ctx, endSuspensionSQL, id, reason, at))
}

// Sharing with itself is what this mode refuses: one replica at a time looks and appends; readers go on.
const lockBookSQL = `lock table services.price_book in share row exclusive mode`

func lockBook(ctx context.Context, tx pg.Q) error {
	_, err := tx.ExecContext(ctx, lockBookSQL)
	return err
}

type bookRow struct {
	ID   int64     `db:"price_book_id"`
	Hash string    `db:"content_sha256"`
	From time.Time `db:"effective_from"`
}

const newestBookSQL = `select price_book_id, content_sha256, effective_from
from services.price_book
order by price_book_id desc
limit 1`

// newestBook gives the zero row for an empty book.
func newestBook(ctx context.Context, q pg.Q) (row bookRow, err error) {
	if err = q.GetContext(ctx, &row, newestBookSQL); errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return row, err
}

//go:embed sql/insert_book.sql
var insertBookSQL string

func insertBook(ctx context.Context, tx pg.Q, content, hash string, types []string) (row bookRow, err error) {
	return row, tx.GetContext(ctx, &row, insertBookSQL, content, hash, pq.Array(types))
}

//go:embed sql/book_at.sql
var bookAtSQL string

func bookAt(ctx context.Context, q pg.Q, service string, at time.Time) (version int64, err error) {
	if err = q.GetContext(ctx, &version, bookAtSQL, service, at); errors.Is(err, sql.ErrNoRows) {
		err = ErrNoPrice
	}
	return version, err
}

const bookSQL = `select content from services.price_book where price_book_id = $1`

func selectBook(ctx context.Context, q pg.Q, version int64) (content []byte, err error) {
	return content, q.GetContext(ctx, &content, bookSQL, version)
}

func changed(res sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	if err != nil {
		return false, fmt.Errorf("count changed rows: %w", err)
	}
	return n > 0, nil
}
