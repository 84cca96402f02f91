package pg_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/pg"
	"suiftly/internal/pgtest"
)

func TestCopy(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	const into = `copy public.lines (n, line) from stdin`
	once := func(t *testing.T, db *sqlx.DB) {
		t.Helper()
		if _, err := db.Exec(`alter table public.lines add constraint lines_n_once unique (n)`); err != nil {
			t.Fatal(err)
		}
	}
	lines := func(t *testing.T) *sqlx.DB {
		t.Helper()
		db := pgtest.DB(t)
		if _, err := db.Exec(`create table public.lines (n int, line text)`); err != nil {
			t.Fatal(err)
		}
		return db
	}
	// escape writes a value in COPY's text format.
	escape := strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`).Replace

	t.Run("what goes in comes out: escapes, nulls, rows longer than a piece, blocks of every size", func(t *testing.T) {
		t.Parallel()
		db := lines(t)
		want := []string{"", `\`, `\N`, `\.`, "a\tb\nc\r\nd", "ü€😀", `"'`, strings.Repeat("x", 200_000), strings.Repeat(`\`, 49_151)}
		for n := range 5000 {
			want = append(want, strings.Repeat("y", n%97))
		}
		var block []byte
		for n, line := range want {
			block = fmt.Appendf(block, "%d\t%s\n", n, escape(line))
		}
		block = append(block, "-1\t\\N\n"...)
		err := pg.Bulk(ctx, db, func(b *pg.BulkTx) error {
			if err := b.Copy(ctx, into, block); err != nil {
				return err
			}
			if err := b.Copy(ctx, into, nil); err != nil {
				return err
			}
			// The transaction goes on as usual, on the same connection.
			var n int
			if err := b.GetContext(ctx, &n, `select count(*) from public.lines`); err != nil || n != len(want)+1 {
				t.Error(n, err)
			}
			return b.Copy(ctx, into, []byte("-2\tmore\n"))
		})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		if err := db.Select(&got, `select line from public.lines where n >= 0 order by n`); err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want) {
			t.Fatal(len(got))
		}
		for n := range want {
			if got[n] != want[n] {
				t.Fatalf("line %d is %.60q, want %.60q", n, got[n], want[n])
			}
		}
		var null bool
		if err := db.Get(&null, `select line is null from public.lines where n = -1`); err != nil || !null {
			t.Fatal(err)
		}
	})

	t.Run("an error in the last row undoes all and leaves the pool whole", func(t *testing.T) {
		t.Parallel()
		db := lines(t)
		once(t, db)
		db.SetMaxOpenConns(1)
		for _, c := range []struct{ name, block, constraint string }{
			{"twice", "1\ta\n1\tb\n", "lines_n_once"}, {"text for a number", "1\ta\nx\tb\n", ""}, {"too few columns", "1\n", ""},
			{"no newline", "1\ta", ""}, {"bad utf-8", "1\t\xff\n", ""},
		} {
			err := pg.Bulk(ctx, db, func(b *pg.BulkTx) error { return b.Copy(ctx, into, []byte(c.block)) })
			if err == nil || c.constraint != "" && !pg.Violated(err, c.constraint) {
				t.Errorf("%s: %v", c.name, err)
			}
			var n int
			if err := db.Get(&n, `select count(*) from public.lines`); err != nil || n != 0 {
				t.Fatal(n, err)
			}
		}
		err := pg.Bulk(ctx, db, func(b *pg.BulkTx) error { return b.Copy(ctx, `select 1`, []byte("1\n")) })
		if err == nil {
			t.Error("copied into a select")
		}
	})

	t.Run("a cancelled copy undoes all", func(t *testing.T) {
		t.Parallel()
		db := lines(t)
		ctx, cancel := context.WithCancel(ctx)
		err := pg.Bulk(ctx, db, func(b *pg.BulkTx) error {
			if err := b.Copy(ctx, into, []byte("1\ta\n")); err != nil {
				return err
			}
			cancel()
			return b.Copy(ctx, into, []byte("2\tb\n"))
		})
		if err == nil {
			t.Fatal("committed")
		}
		var n int
		if err := db.Get(&n, `select count(*) from public.lines`); err != nil || n != 0 {
			t.Fatal(n, err)
		}
	})

	t.Run("a connection that is lost on the way is an error, not a wait", func(t *testing.T) {
		t.Parallel()
		db := lines(t)
		block := []byte(strings.Repeat("1\t"+strings.Repeat("z", 1000)+"\n", 20_000))
		for _, when := range []string{"before", "during"} {
			ended := make(chan error, 1)
			err := pg.Bulk(ctx, db, func(b *pg.BulkTx) error {
				var pid int
				if err := b.GetContext(ctx, &pid, `select pg_backend_pid()`); err != nil {
					return err
				}
				end := func() {
					_, err := db.Exec(`select pg_terminate_backend($1)`, pid)
					ended <- err
				}
				if when == "before" {
					end()
				} else {
					go end()
				}
				for range 50 {
					if err := b.Copy(ctx, into, block); err != nil {
						return err
					}
				}
				return nil
			})
			if !pg.IsUnavailable(err) {
				t.Errorf("%s: %v", when, err)
			}
			if err := <-ended; err != nil {
				t.Fatal(err)
			}
		}
	})
}
