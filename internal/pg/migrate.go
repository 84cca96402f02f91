package pg

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/amacneil/dbmate/v2/pkg/dbmate"
	"github.com/amacneil/dbmate/v2/pkg/driver/postgres"
	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// migrationsTable is named with its schema, so that a session without a search path finds it too.
const migrationsTable = "public.schema_migrations"

// migrateLock is the advisory lock key under which one process migrates. It is of the one-key kind, which shares no
// space with the two-key locks of internal/jobs.
const migrateLock = 0x5355_4946_544c_5901

// migrationName is what dbmate takes for a migration: digits, then anything.
var migrationName = regexp.MustCompile(`^(\d+).*\.sql$`)

// Migrate applies the *.sql files at the root of files that the database at url does not have yet, in the order of
// their names, each in its own transaction (or, with "-- migrate:up transaction:false", alone in none). Any number of
// processes may call it at once: one works, the others wait. It refuses a file that was edited after it was applied
// and one that sorts before an applied one. The first failure ends it, with the file's name and the line in the error.
func Migrate(ctx context.Context, url string, files fs.FS) error {
	c, err := newConnector(url, migrationSettings)
	if err != nil {
		return err
	}
	db := c.pool(2)
	defer db.Close()
	if err := await(ctx, db, c); err != nil {
		return err
	}
	release, err := lockMigrations(ctx, db)
	if err != nil {
		return err
	}
	defer release()
	return migrate(ctx, db, url, files)
}

// lockMigrations polls. A blocking pg_advisory_lock would hang CREATE INDEX CONCURRENTLY for ever: the index waits for
// the snapshots of the sessions that wait for the lock, and Postgres does not see that circle.
func lockMigrations(ctx context.Context, db *sql.DB) (release func(), err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("migrate: lock connection: %w", err)
	}
	for {
		var ok bool
		if err := conn.QueryRowContext(ctx, `select pg_try_advisory_lock($1)`, migrateLock).Scan(&ok); err != nil {
			conn.Close()
			return nil, fmt.Errorf("migrate: lock: %w", err)
		}
		if ok {
			// Closing the pool right after ends the session, which unlocks.
			return func() { conn.Close() }, nil
		}
		select {
		case <-ctx.Done():
			conn.Close()
			return nil, fmt.Errorf("migrate: another process is still migrating: %w", ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func migrate(ctx context.Context, db *sql.DB, dsn string, files fs.FS) error {
	all, err := migrations(files)
	if err != nil {
		return err
	}
	if err := refuseEdited(ctx, db, all); err != nil {
		return err
	}
	var log lastApplied
	m := dbmate.New(&url.URL{Scheme: driverName, Opaque: dsn})
	m.FS, m.MigrationsDir, m.MigrationsTableName = files, []string{"."}, migrationsTable
	m.Strict, m.AutoDumpSchema, m.Log = true, false, &log
	if err := m.Migrate(); err != nil {
		if log.file != "" {
			return fmt.Errorf("migration %s: %w%s", log.file, err, detail(err))
		}
		return fmt.Errorf("migrate: %w", err)
	}
	return recordSums(ctx, db, all)
}

type migration struct{ version, file, sum string }

func migrations(files fs.FS) ([]migration, error) {
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	var all []migration
	for _, e := range entries {
		name := migrationName.FindStringSubmatch(e.Name())
		if name == nil || e.IsDir() {
			continue
		}
		body, err := fs.ReadFile(files, path.Clean(e.Name()))
		if err != nil {
			return nil, fmt.Errorf("migrations: %w", err)
		}
		sum := sha256.Sum256(bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n")))
		all = append(all, migration{version: name[1], file: e.Name(), sum: hex.EncodeToString(sum[:])})
	}
	if len(all) == 0 {
		return nil, errors.New("migrations: there are none (<digits>_<room>_<what>.sql)")
	}
	return all, nil
}

// hasSums reports whether dbmate's table already has our column beside its own.
func hasSums(ctx context.Context, db *sql.DB) (has bool, err error) {
	err = db.QueryRowContext(ctx, `
		select exists (
			select from pg_attribute
			where attrelid = to_regclass('`+migrationsTable+`') and attname = 'sha256' and not attisdropped)`).Scan(&has)
	if err != nil {
		err = fmt.Errorf("read applied migrations: %w", err)
	}
	return has, err
}

// refuseEdited compares the files with the sums that were recorded when they were applied. dbmate's table gets a
// column more for that; dbmate itself does not look at it.
func refuseEdited(ctx context.Context, db *sql.DB, all []migration) error {
	applied := map[string]string{}
	if has, err := hasSums(ctx, db); err != nil || !has {
		return err
	}
	rows, err := db.QueryContext(ctx, `select version, sha256 from `+migrationsTable+` where sha256 is not null`)
	if err != nil {
		return fmt.Errorf("read applied migrations: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var version, sum string
		if err := rows.Scan(&version, &sum); err != nil {
			return err
		}
		applied[version] = sum
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, m := range all {
		if sum, ok := applied[m.version]; ok && sum != m.sum {
			return fmt.Errorf("migration %s was edited after it was applied to this database: put the old text back and add a new migration", m.file)
		}
	}
	return nil
}

func recordSums(ctx context.Context, db *sql.DB, all []migration) error {
	var versions, sums []string
	for _, m := range all {
		versions, sums = append(versions, m.version), append(sums, m.sum)
	}
	has, err := hasSums(ctx, db)
	if err != nil {
		return err
	}
	if !has {
		if _, err := db.ExecContext(ctx, `alter table `+migrationsTable+` add column sha256 text`); err != nil {
			return fmt.Errorf("record migrations: %w", err)
		}
	}
	_, err = db.ExecContext(ctx, `
		update `+migrationsTable+` m
		set sha256 = f.sum
		from unnest($1::text[], $2::text[]) as f (version, sum)
		where m.version = f.version and m.sha256 is null`, pq.Array(versions), pq.Array(sums))
	if err != nil {
		return fmt.Errorf("record migrations: %w", err)
	}
	return nil
}

// Pending counts the migrations in files that the database does not have yet.
func Pending(ctx context.Context, db *sqlx.DB, files fs.FS) (int, error) {
	all, err := migrations(files)
	if err != nil {
		return 0, err
	}
	var has bool
	if err := db.GetContext(ctx, &has, `select to_regclass('`+migrationsTable+`') is not null`); err != nil {
		return 0, fmt.Errorf("pending migrations: %w", err)
	}
	if !has {
		return len(all), nil
	}
	var versions []string
	for _, m := range all {
		versions = append(versions, m.version)
	}
	var pending int
	err = db.GetContext(ctx, &pending, `
		select count(*)
		from unnest($1::text[]) as f (version)
		where not exists (select from `+migrationsTable+` m where m.version = f.version)`, pq.Array(versions))
	if err != nil {
		return 0, fmt.Errorf("pending migrations: %w", err)
	}
	return pending, nil
}

// driverName is dbmate's Postgres driver, opening its connections our way.
const driverName = "suiftly"

func init() {
	dbmate.RegisterDriver(func(config dbmate.DriverConfig) dbmate.Driver {
		dsn := config.DatabaseURL.Opaque
		config.DatabaseURL = &url.URL{Scheme: "postgres"}
		return migrationDriver{postgres.NewDriver(config), dsn}
	}, driverName)
}

type migrationDriver struct {
	dbmate.Driver
	dsn string
}

func (d migrationDriver) Open() (*sql.DB, error) {
	c, err := newConnector(d.dsn, migrationSettings)
	if err != nil {
		return nil, err
	}
	return c.pool(1), nil
}

func (d migrationDriver) Ping() error {
	db, err := d.Open()
	if err != nil {
		return err
	}
	defer db.Close()
	return db.Ping()
}

// lastApplied reads in dbmate's progress log which file it is at; its errors do not say.
type lastApplied struct{ file string }

func (l *lastApplied) Write(line []byte) (int, error) {
	if file, ok := strings.CutPrefix(string(line), "Applying: "); ok {
		l.file = strings.TrimSpace(file)
	}
	return len(line), nil
}

func detail(err error) string {
	var q *dbmate.QueryError
	var p *pq.Error
	if errors.As(err, &q) {
		err = q.Err // QueryError does not unwrap
	}
	if errors.As(err, &p) && p.Detail != "" {
		return " (" + p.Detail + ")"
	}
	return ""
}
