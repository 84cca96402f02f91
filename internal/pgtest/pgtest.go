// Package pgtest gives each test a real Postgres: one throwaway cluster per test binary, started by the first test that
// asks, with a database cloned from a migrated template for each that needs its own.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/customer"
	"suiftly/internal/pg"
)

// maxConns is the size of a test database's pool.
const maxConns = 8

// cluster is the test binary's server.
type cluster struct {
	server  *pg.Embedded
	admin   *sqlx.DB
	shared  *sqlx.DB // a migrated database in which nothing is ever committed
	clones  atomic.Int64
	release func()
}

var (
	start   = sync.OnceValues(startCluster)
	running atomic.Pointer[cluster]
)

func open(t testing.TB) *cluster {
	t.Helper()
	c, err := start()
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	return c
}

// DB gives a database of the test's own with all migrations applied. It has no search path, so a table without its
// schema is an error. It is dropped when the test ends, or kept and named in the log when KEEPDB is set.
func DB(t testing.TB) *sqlx.DB {
	t.Helper()
	return pool(t, URL(t))
}

// URL is DB as an address, for a subprocess or a pool of another size.
func URL(t testing.TB) string {
	t.Helper()
	c := open(t)
	return withoutSearchPath(c.create(t, "template "+template+" strategy = file_copy"))
}

// EmptyURL is the address of a database without migrations.
func EmptyURL(t testing.TB) string {
	t.Helper()
	return open(t).create(t, "")
}

// Tx gives a transaction on a migrated database; it is rolled back when the test ends. Cheaper than DB (a third of a
// millisecond), for tests that need no commit.
func Tx(t testing.TB) *sqlx.Tx {
	t.Helper()
	tx, err := open(t).shared.Beginx()
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(func() { _ = tx.Rollback() })
	return tx
}

// Main runs the tests, then the cleanups, and stops the cluster. Without it the cluster ends with the test binary all the
// same.
func Main(m *testing.M, cleanups ...func()) {
	code := m.Run()
	for _, cleanup := range cleanups {
		cleanup()
	}
	if c := running.Load(); c != nil {
		c.release()
	}
	os.Exit(code)
}

// Prepare has Postgres parse every statement on db's schema. It reports all that do not fit.
func Prepare(t testing.TB, db *sqlx.DB, stmts map[string]string) {
	t.Helper()
	for name, query := range stmts {
		stmt, err := db.Prepare(query)
		if err != nil {
			t.Errorf("statement %s: %v", name, err)
			continue
		}
		stmt.Close()
	}
}

// Customer adds the customer with that id, for tests of rooms that only need one to exist.
func Customer(t testing.TB, q pg.Q, id customer.ID) {
	t.Helper()
	_, err := q.ExecContext(context.Background(), `
		insert into auth.customers (customer_id, address)
		overriding system value
		values ($1, $2)
		on conflict (customer_id) do nothing`, int64(id), fmt.Sprintf("0x%064x", int64(id)))
	if err != nil {
		t.Fatalf("pgtest: customer %d: %v", id, err)
	}
}

const template = "suiftly_template"

func startCluster() (_ *cluster, err error) {
	migrations, err := migrationsFolder()
	if err != nil {
		return nil, err
	}
	base := scratch()
	sweep(base)
	dir, err := os.MkdirTemp(base, prefix)
	if err != nil {
		return nil, err
	}
	// The server's account has to pass through; what is inside has mode 0700.
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, err
	}
	c := &cluster{}
	if c.server, err = pg.StartThrowaway(context.Background(), dir, slog.New(slog.DiscardHandler), keep()); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	if !keep() {
		c.release = removeAfter(c.server)
	} else {
		c.release = func() {}
	}
	if c.admin, err = pg.Open(context.Background(), database(c.server.URL(), "postgres"), 4); err != nil {
		return nil, err
	}
	if _, err := c.admin.Exec(`create database ` + template); err != nil {
		return nil, err
	}
	if err := pg.Migrate(context.Background(), database(c.server.URL(), template), os.DirFS(migrations)); err != nil {
		return nil, err
	}
	if _, err := c.admin.Exec(`create database suiftly_shared template ` + template + ` strategy = file_copy`); err != nil {
		return nil, err
	}
	if c.shared, err = pg.Open(context.Background(), withoutSearchPath(database(c.server.URL(), "suiftly_shared")), 32); err != nil {
		return nil, err
	}
	running.Store(c)
	return c, nil
}

// create makes a database for the test and gives its address.
func (c *cluster) create(t testing.TB, from string) string {
	t.Helper()
	name := fmt.Sprintf("t%d", c.clones.Add(1))
	if _, err := c.admin.Exec(`create database ` + name + ` ` + from); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	address := database(c.server.URL(), name)
	if keep() {
		t.Logf("kept: psql '%s'   (end the server with: kill -INT %d && rm -r %s)", address, c.server.PID(), c.server.Dir())
		return address
	}
	t.Cleanup(func() {
		if _, err := c.admin.Exec(`drop database ` + name + ` with (force)`); err != nil {
			t.Errorf("pgtest: %v", err)
		}
	})
	return address
}

func pool(t testing.TB, address string) *sqlx.DB {
	t.Helper()
	db, err := pg.Open(context.Background(), address, maxConns)
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func keep() bool { return os.Getenv("KEEPDB") != "" }

// database is address with another database name.
func database(address, name string) string {
	u, err := url.Parse(address)
	if err != nil {
		panic(err) // made by pg from parts
	}
	u.Path = "/" + name
	return u.String()
}

func withoutSearchPath(address string) string {
	return address + "&options=" + url.QueryEscape("-c search_path=pg_catalog")
}

// migrationsFolder finds db/migrations beside the go.mod above this file, wherever the test runs.
func migrationsFolder() (string, error) {
	_, file, _, _ := runtime.Caller(0)
	starts := []string{filepath.Dir(file)}
	if wd, err := os.Getwd(); err == nil {
		starts = append(starts, wd) // built with -trimpath
	}
	for _, dir := range starts {
		for ; filepath.IsAbs(dir); dir = filepath.Dir(dir) {
			if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
				return filepath.Join(dir, "db", "migrations"), nil
			}
			if dir == "/" {
				break
			}
		}
	}
	return "", errors.New("no go.mod above the test: where is db/migrations?")
}
