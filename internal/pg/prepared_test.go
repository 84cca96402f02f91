package pg_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/pg"
	"suiftly/internal/pgtest"
)

func TestPrepared(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := pgtest.DB(t)
	if _, err := db.Exec(`create table public.counted (n int)`); err != nil {
		t.Fatal(err)
	}
	p := pg.NewPrepared(db)
	add := func(n int) error {
		err := pg.Tx(ctx, db, func(tx *sqlx.Tx) error {
			q := p.In(tx)
			if _, err := q.ExecContext(ctx, `insert into public.counted (n) values ($1)`, n); err != nil {
				return err
			}
			var one int
			var all []int
			return errors.Join(q.GetContext(ctx, &one, `select n from public.counted where n = $1`, n),
				q.SelectContext(ctx, &all, `select n from public.counted where n <= $1`, n))
		})
		return errors.Join(err, p.Learn(ctx))
	}
	t.Run("answers are the same before and after statements are learned, on more users than connections", func(t *testing.T) {
		var users sync.WaitGroup
		for u := range 32 {
			users.Go(func() {
				for k := range 5 {
					if err := add(u*100 + k); err != nil {
						t.Error(err)
					}
				}
			})
		}
		users.Wait()
		var n int
		if err := db.Get(&n, `select count(*) from public.counted`); err != nil || n != 32*5 {
			t.Fatalf("%d rows, %v", n, err)
		}
	})
	t.Run("what was learned is prepared on the connection", func(t *testing.T) {
		err := pg.Tx(ctx, db, func(tx *sqlx.Tx) error {
			q := p.In(tx)
			var n int
			if err := q.GetContext(ctx, &n, `select n from public.counted where n = $1`, 1); err != nil {
				return err
			}
			return tx.Get(&n, `select 1 from pg_prepared_statements where statement like '%public.counted where n = $1%'`)
		})
		if err != nil {
			t.Fatal(err)
		}
	})
	t.Run("a closed set still answers", func(t *testing.T) {
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		if err := add(9999); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("a statement that Postgres refuses is an error of Learn", func(t *testing.T) {
		_ = pg.Tx(ctx, db, func(tx *sqlx.Tx) error {
			_, err := p.In(tx).ExecContext(ctx, `insert into public.nowhere values ($1)`, 1)
			return err
		})
		if err := p.Learn(ctx); err == nil {
			t.Fatal("learned a statement on a table that is not there")
		}
	})
}
