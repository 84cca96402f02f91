// Package pg is the way to Postgres: connections with safe session settings, transactions, bulk copy, migrations, and
// the private server that suiftly starts when nobody names one.
package pg

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// Q is what a *sqlx.DB and a *sqlx.Tx share: a store func takes it and does not know in which of them it runs.
type Q interface {
	sqlx.ExtContext
	GetContext(ctx context.Context, dest any, query string, args ...any) error
	SelectContext(ctx context.Context, dest any, query string, args ...any) error
}

// openWait is how long Open waits for a server that is still starting, when ctx has no deadline.
const openWait = 10 * time.Second

// Open returns a pool of at most maxConns connections to the database at url (postgres:// or key=value, unix sockets
// too). It waits until the server answers: up to ctx's deadline, or 10 seconds. Every session is in UTC, gives up a
// statement after a minute and a forgotten transaction too, and notices a dead client or server within seconds; a
// setting named in url wins. Its errors are one sentence and never show the password.
func Open(ctx context.Context, url string, maxConns int) (*sqlx.DB, error) {
	c, err := newConnector(url, sessionSettings)
	if err != nil {
		return nil, err
	}
	db := c.pool(maxConns)
	if err := await(ctx, db, c); err != nil {
		db.Close()
		return nil, err
	}
	return sqlx.NewDb(db, "postgres"), nil
}

func (c *connector) pool(maxConns int) *sql.DB {
	db := sql.OpenDB(c)
	db.SetMaxOpenConns(maxConns)
	db.SetMaxIdleConns(maxConns)
	// Reconnecting now and then lets a pool drift back to a restarted or failed-over server.
	db.SetConnMaxLifetime(30 * time.Minute)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return db
}

// await pings until the server answers, a failure cannot heal by waiting, or the time is up.
func await(ctx context.Context, db *sql.DB, c *connector) error {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, openWait)
		defer cancel()
	}
	var last error
	for wait := 20 * time.Millisecond; ; wait = min(wait*2, 500*time.Millisecond) {
		var major int
		err := db.QueryRowContext(ctx, `select current_setting('server_version_num')::int / 10000`).Scan(&major)
		if err == nil && major < minMajor {
			return fmt.Errorf("database %s runs Postgres %d; Suiftly needs %d or newer", c, major, minMajor)
		}
		if err == nil {
			return nil
		}
		// The last answer says more than "deadline exceeded" does.
		if last == nil || ctx.Err() == nil {
			last = err
		}
		if hopeless(err) {
			return c.unreachable(last)
		}
		select {
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return ctx.Err()
			}
			return c.unreachable(last)
		case <-time.After(wait):
		}
	}
}
