package logs

import (
	"testing"

	"suiftly/internal/pgtest"
)

func TestTwoWhoNeedTheSameDayAtOnce(t *testing.T) {
	t.Parallel()
	db := pgtest.DB(t)
	ask := func(q interface {
		Get(dest any, query string, args ...any) error
	}) (made bool, err error) {
		err = q.Get(&made, makePartition, "2026-01-31")
		return made, err
	}
	first, err := db.Beginx()
	if err != nil {
		t.Fatal(err)
	}
	defer first.Rollback()
	if made, err := ask(first); err != nil || !made {
		t.Fatalf("made %v: %v", made, err)
	}
	type answer struct {
		made bool
		err  error
	}
	second := make(chan answer, 1)
	go func() {
		made, err := ask(db)
		second <- answer{made, err}
	}()
	waiting := 0
	for waiting == 0 { // until the second one stands at the first one's lock
		if err := first.Get(&waiting, `select count(*) from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())`); err != nil {
			t.Fatal(err)
		}
	}
	if err := first.Commit(); err != nil {
		t.Fatal(err)
	}
	if a := <-second; a.err != nil || a.made {
		t.Errorf("the second one made it too (%v): %v", a.made, a.err)
	}
}
