package pg_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/pg"
	"suiftly/internal/pgtest"
)

func files(nameAndUp ...string) fstest.MapFS {
	fs := fstest.MapFS{}
	for i := 0; i < len(nameAndUp); i += 2 {
		fs[nameAndUp[i]] = &fstest.MapFile{Data: []byte("-- migrate:up" + nameAndUp[i+1] + "\n-- migrate:down\n")}
	}
	return fs
}

func openURL(t *testing.T, url string) *sqlx.DB {
	t.Helper()
	db, err := pg.Open(context.Background(), url, 2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func pending(t *testing.T, db *sqlx.DB, fs fstest.MapFS, want int) {
	t.Helper()
	if n, err := pg.Pending(context.Background(), db, fs); err != nil || n != want {
		t.Fatalf("%d pending, want %d (%v)", n, want, err)
	}
}

func TestMigrate(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	first := []string{"01_a.sql", "\ncreate schema a;\ncreate table a.one (id int);"}

	t.Run("five at once on an empty database: one works, all succeed, also with an index made concurrently", func(t *testing.T) {
		t.Parallel()
		url := pgtest.EmptyURL(t)
		fs := files(append(first,
			"02_slow.sql", "\nselect pg_sleep(0.3);",
			"03_index.sql", " transaction:false\ncreate index concurrently one_id on a.one (id);",
			"04_more.sql", "\ninsert into a.one values (1);")...)
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		var wg sync.WaitGroup
		var mu sync.Mutex
		var all error
		for range 5 {
			wg.Go(func() {
				err := pg.Migrate(ctx, url, fs)
				mu.Lock()
				defer mu.Unlock()
				all = errors.Join(all, err)
			})
		}
		wg.Wait()
		if all != nil {
			t.Fatal(all)
		}
		db := openURL(t, url)
		var n int
		if err := db.Get(&n, `select count(*) from a.one`); err != nil || n != 1 {
			t.Fatal(n, err)
		}
		var valid bool
		if err := db.Get(&valid, `select indisvalid from pg_index where indexrelid = 'a.one_id'::regclass`); err != nil || !valid {
			t.Fatal(err)
		}
		pending(t, db, fs, 0)
	})

	t.Run("counts what is pending, before and after", func(t *testing.T) {
		t.Parallel()
		url := pgtest.EmptyURL(t)
		db := openURL(t, url)
		fs := files(append(first, "02_b.sql", "\ncreate table a.two (id int);")...)
		pending(t, db, fs, 2)
		if err := pg.Migrate(ctx, url, files(first...)); err != nil {
			t.Fatal(err)
		}
		pending(t, db, fs, 1)
		if err := pg.Migrate(ctx, url, fs); err != nil {
			t.Fatal(err)
		}
		pending(t, db, fs, 0)
		// An older binary beside a newer one has nothing to do.
		pending(t, db, files(first...), 0)
		if err := pg.Migrate(ctx, url, files(first...)); err != nil {
			t.Fatal(err)
		}
	})

	t.Run("a failure names the file, the reason and the line, and undoes that file only", func(t *testing.T) {
		t.Parallel()
		url := pgtest.EmptyURL(t)
		fs := files(append(first, "02_bad.sql", "\ncreate table a.two (id int);\n\ncreate table a.three (id nonsense);", "03_c.sql", "\ncreate table a.four (id int);")...)
		err := pg.Migrate(ctx, url, fs)
		if err == nil || !strings.HasPrefix(err.Error(), "migration 02_bad.sql: ") || !strings.Contains(err.Error(), `type "nonsense" does not exist`) ||
			!strings.Contains(err.Error(), "line: 4") || strings.Contains(err.Error(), "\n") {
			t.Fatal(err)
		}
		db := openURL(t, url)
		var two, one bool
		if err := db.QueryRow(`select to_regclass('a.two') is null, to_regclass('a.one') is not null`).Scan(&two, &one); err != nil || !two || !one {
			t.Fatal(err)
		}
		pending(t, db, fs, 2)
		fs["02_bad.sql"] = files("x", "\ncreate table a.two (id int);")["x"]
		if err := pg.Migrate(ctx, url, fs); err != nil {
			t.Fatal("a file that failed may be corrected:", err)
		}
	})

	t.Run("an applied file that was edited is refused by name", func(t *testing.T) {
		t.Parallel()
		url := pgtest.EmptyURL(t)
		fs := files(first...)
		if err := pg.Migrate(ctx, url, fs); err != nil {
			t.Fatal(err)
		}
		fs["01_a.sql"].Data = append(fs["01_a.sql"].Data, "\r\n"...)
		fs["02_b.sql"] = files("x", "\ncreate table a.two (id int);")["x"]
		err := pg.Migrate(ctx, url, fs)
		if err == nil || !strings.HasPrefix(err.Error(), "migration 01_a.sql was edited after it was applied") {
			t.Fatal(err)
		}
		pending(t, openURL(t, url), fs, 1)
	})

	t.Run("a file that sorts before an applied one is refused", func(t *testing.T) {
		t.Parallel()
		url := pgtest.EmptyURL(t)
		if err := pg.Migrate(ctx, url, files("02_b.sql", "\nselect 1;")); err != nil {
			t.Fatal(err)
		}
		err := pg.Migrate(ctx, url, files("01_a.sql", "\nselect 1;", "02_b.sql", "\nselect 1;"))
		if err == nil || !strings.Contains(err.Error(), "out of order") {
			t.Fatal(err)
		}
	})

	t.Run("an unreachable or empty source is an error", func(t *testing.T) {
		t.Parallel()
		short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		if err := pg.Migrate(short, "postgres://u:hunter2@127.0.0.1:1/db", files(first...)); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Fatal(err)
		}
		if err := pg.Migrate(ctx, pgtest.EmptyURL(t), files()); err == nil {
			t.Fatal("migrated nothing")
		}
	})
}
