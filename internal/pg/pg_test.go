package pg_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/pg"
	"suiftly/internal/pgtest"
)

func TestOpen(t *testing.T) {
	t.Parallel()
	ctx := context.Background()

	t.Run("sessions are in UTC and bounded, unless the url says otherwise", func(t *testing.T) {
		t.Parallel()
		for _, c := range []struct{ url, setting, want string }{
			{pgtest.EmptyURL(t), "TimeZone", "UTC"},
			{pgtest.EmptyURL(t), "statement_timeout", "1min"},
			{pgtest.EmptyURL(t), "idle_in_transaction_session_timeout", "1min"},
			{pgtest.EmptyURL(t) + "&statement_timeout=5s", "statement_timeout", "5s"},
			{pgtest.URL(t), "search_path", "pg_catalog"},
		} {
			if got := setting(t, c.url, c.setting); got != c.want {
				t.Errorf("%s is %s, want %s", c.setting, got, c.want)
			}
		}
	})

	t.Run("both kinds of address work", func(t *testing.T) {
		t.Parallel()
		url := pgtest.EmptyURL(t)
		host, name := between(url, "host=", "&"), between(url, "/t", "?")
		keys := fmt.Sprintf("host=%s user=suiftly dbname=t%s", strings.ReplaceAll(host, "%2F", "/"), name)
		if got := setting(t, keys, "TimeZone"); got != "UTC" {
			t.Fatal(got)
		}
	})

	t.Run("waits for a server that is not there yet, as long as ctx allows", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
		defer cancel()
		began := time.Now()
		_, err := pg.Open(ctx, "postgres://u:hunter2@127.0.0.1:1/db", 1)
		if took := time.Since(began); took < 250*time.Millisecond || took > 5*time.Second {
			t.Fatal("gave up after", took)
		}
		if err == nil || err.Error() != `database "db" at 127.0.0.1:1 is not reachable: no Postgres listens there` {
			t.Fatal(err)
		}
	})

	t.Run("a mute server is one clear sentence too", func(t *testing.T) {
		t.Parallel()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ctx, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
		defer cancel()
		_, err = pg.Open(ctx, fmt.Sprintf("postgres://u:hunter2@%s/db", l.Addr()), 1)
		if err == nil || !strings.HasPrefix(err.Error(), `database "db" at 127.0.0.1:`) || strings.Contains(err.Error(), "hunter2") {
			t.Fatal(err)
		}
	})

	t.Run("does not wait for what waiting cannot heal", func(t *testing.T) {
		t.Parallel()
		url := strings.Replace(pgtest.EmptyURL(t), "/t", "/no_such_t", 1)
		began := time.Now()
		_, err := pg.Open(ctx, url, 1)
		if err == nil || !strings.Contains(err.Error(), "does not exist on that server: create it") || time.Since(began) > 5*time.Second {
			t.Fatal(err)
		}
	})

	t.Run("a server without TLS is refused with the way out", func(t *testing.T) {
		t.Parallel()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				_, _ = c.Write([]byte("N")) // the answer to SSLRequest
				defer c.Close()
			}
		}()
		_, err = pg.Open(ctx, fmt.Sprintf("postgres://u@%s/db?sslmode=require", l.Addr()), 1)
		if err == nil || !strings.Contains(err.Error(), "offers no TLS: add sslmode=disable") {
			t.Fatal(err)
		}
	})

	t.Run("no error shows the password", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		for _, url := range []string{
			"postgres://u:hunter2@127.0.0.1:1/db",
			"postgres://u:hunter2/x@127.0.0.1:1/db",
			"postgres://u:hunter2@127.0.0.1:port/db",
			"postgres://u:hun%ter2@127.0.0.1/db",
			"mysql://u:hunter2@127.0.0.1/db",
			"host=127.0.0.1 port=1 user=u password=hunter2 dbname=db",
			"host=127.0.0.1 port=x user=u password=hunter2",
			"host=127.0.0.1 password=x hunter2",
			"host=127.0.0.1 password='hunter2",
			"postgres://u:hunter2@127.0.0.1:1/db?sslmode=hunter2",
			"postgres://u:hunter2@host.invalid/db",
			"hunter2",
		} {
			_, err := pg.Open(ctx, url, 1)
			if err == nil || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "ter2") || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: %v", url, err)
			}
		}
	})
}

func TestEnvironment(t *testing.T) {
	for name, value := range map[string]string{"PGPORT": "hunter2", "PGREQUIREPEER": "hunter2"} {
		t.Run(name+" is named when it is wrong", func(t *testing.T) {
			t.Setenv(name, value)
			_, err := pg.Open(context.Background(), "postgres://u@127.0.0.1:1/db", 1)
			if err == nil || !strings.Contains(err.Error(), "environment variable $"+name) || strings.Contains(err.Error(), value) {
				t.Fatal(err)
			}
		})
	}
}

func between(s, from, to string) string {
	_, s, _ = strings.Cut(s, from)
	s, _, _ = strings.Cut(s, to)
	return s
}

// table gives a database with a table that has one of each constraint.
func table(t *testing.T) *sqlx.DB {
	t.Helper()
	db := pgtest.DB(t)
	_, err := db.Exec(`
		create table public.parents (id int constraint parents_pkey primary key);
		create table public.things (
			id     int not null,
			parent int constraint things_parent_fkey references public.parents (id),
			size   int constraint things_size_positive check (size > 0),
			span   int4range,
			constraint things_id_once unique (id),
			constraint things_span_apart exclude using gist (span with &&));
		insert into public.things (id, size, span) values (1, 1, '[1,3)')`)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func TestViolated(t *testing.T) {
	t.Parallel()
	db := table(t)
	for _, c := range []struct{ statement, constraint string }{
		{`insert into public.things (id) values (1)`, "things_id_once"},
		{`insert into public.things (id, parent) values (2, 7)`, "things_parent_fkey"},
		{`insert into public.things (id, size) values (2, 0)`, "things_size_positive"},
		{`insert into public.things (id, span) values (2, '[2,4)')`, "things_span_apart"},
	} {
		_, err := db.Exec(c.statement)
		err = fmt.Errorf("wrapped: %w", err)
		if !pg.Violated(err, c.constraint) || pg.Violated(err, "things_id") || pg.Violated(err, "") {
			t.Errorf("%s: %v", c.constraint, err)
		}
	}
	for _, err := range []error{nil, sql.ErrNoRows, errors.New("things_id_once")} {
		if pg.Violated(err, "things_id_once") {
			t.Error(err)
		}
	}
}

func TestIsUnavailable(t *testing.T) {
	t.Parallel()
	db := pgtest.DB(t)
	ctx := context.Background()

	_, refused := net.DialTimeout("tcp", "127.0.0.1:1", time.Second)
	conn, err := db.Connx(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var pid int
	if err := conn.GetContext(ctx, &pid, `select pg_backend_pid()`); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`select pg_terminate_backend($1)`, pid); err != nil {
		t.Fatal(err)
	}
	_, ended := conn.ExecContext(ctx, `select 1`)
	conn.Close()
	_, wrong := db.Exec(`select 1 / 0`)
	_, canceled := func() (sql.Result, error) {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
		defer cancel()
		return db.ExecContext(ctx, `select pg_sleep(10)`)
	}()
	for _, c := range []struct {
		name string
		err  error
		want bool
	}{
		{"refused", refused, true}, {"ended", ended, true}, {"wrapped", fmt.Errorf("balance: %w", ended), true},
		{"wrong", wrong, false}, {"no rows", sql.ErrNoRows, false}, {"canceled", canceled, false}, {"nil", nil, false},
	} {
		if pg.IsUnavailable(c.err) != c.want {
			t.Errorf("%s: %v", c.name, c.err)
		}
	}
}

func TestTx(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	rows := func(t *testing.T, db *sqlx.DB) (n int) {
		t.Helper()
		if err := db.Get(&n, `select count(*) from public.things`); err != nil {
			t.Fatal(err)
		}
		return n
	}
	add := func(tx *sqlx.Tx, id int) {
		if _, err := tx.Exec(`insert into public.things (id) values ($1)`, id); err != nil {
			panic(err)
		}
	}

	t.Run("commits, or rolls back on an error and on a panic", func(t *testing.T) {
		t.Parallel()
		db := table(t)
		db.SetMaxOpenConns(1) // a leaked transaction would hang the next
		if err := pg.Tx(ctx, db, func(tx *sqlx.Tx) error { add(tx, 2); return nil }); err != nil {
			t.Fatal(err)
		}
		no := errors.New("no")
		if err := pg.Tx(ctx, db, func(tx *sqlx.Tx) error { add(tx, 3); return no }); !errors.Is(err, no) {
			t.Fatal(err)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_ = pg.Tx(ctx, db, func(tx *sqlx.Tx) error { add(tx, 3); panic("no") })
		}()
		if n := rows(t, db); n != 2 {
			t.Fatal(n)
		}
	})

	t.Run("the loser of a deadlock runs again", func(t *testing.T) {
		t.Parallel()
		db := table(t)
		if _, err := db.Exec(`insert into public.things (id, size) values (2, 1)`); err != nil {
			t.Fatal(err)
		}
		tries, both := make(chan int, 10), make(chan struct{})
		met := make(chan struct{}, 2)
		go func() { <-met; <-met; close(both) }()
		cross := func(first, second int) error {
			return pg.Tx(ctx, db, func(tx *sqlx.Tx) error {
				tries <- first
				if _, err := tx.Exec(`update public.things set size = size + 1 where id = $1`, first); err != nil {
					return err
				}
				select {
				case met <- struct{}{}:
				default:
				}
				<-both
				_, err := tx.Exec(`update public.things set size = size + 1 where id = $1`, second)
				return err
			})
		}
		other := make(chan error)
		go func() { other <- cross(2, 1) }()
		if err := errors.Join(cross(1, 2), <-other); err != nil {
			t.Fatal(err)
		}
		if len(tries) < 3 {
			t.Fatal(len(tries), "tries")
		}
		var sizes []int
		if err := db.Select(&sizes, `select size from public.things`); err != nil || sizes[0] != 3 || sizes[1] != 3 {
			t.Fatal(sizes, err)
		}
	})

	t.Run("any other error does not run it again", func(t *testing.T) {
		t.Parallel()
		db := table(t)
		tries := 0
		err := pg.Tx(ctx, db, func(tx *sqlx.Tx) error {
			tries++
			_, err := tx.Exec(`insert into public.things (id) values (1)`)
			return err
		})
		if tries != 1 || !pg.Violated(err, "things_id_once") {
			t.Fatal(tries, err)
		}
	})
}
