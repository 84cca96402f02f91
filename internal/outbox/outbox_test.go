package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/pg"
	"suiftly/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time        { return time.Unix(0, c.at.Load()).UTC() }
func (c *clock) later(d time.Duration) { c.at.Add(int64(d)) }

func setup(t *testing.T, h Handler) (*Outbox, *clock) {
	t.Helper()
	c := &clock{}
	c.at.Store(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC).UnixNano())
	o := New(pgtest.DB(t), slog.New(slog.DiscardHandler), c.now)
	o.Handle("test.told", h)
	return o, c
}

func put(t *testing.T, o *Outbox, bodies ...any) {
	t.Helper()
	err := pg.Tx(t.Context(), o.db, func(tx *sqlx.Tx) error {
		for _, b := range bodies {
			if err := Put(t.Context(), tx, "test.told", b, o.now()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func send(t *testing.T, o *Outbox) {
	t.Helper()
	if err := o.Send(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, o *Outbox, where string) (n int) {
	t.Helper()
	if err := o.db.Get(&n, `select count(*) from ops.outbox where `+where); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestStatements(t *testing.T) { pgtest.Prepare(t, pgtest.DB(t), statements) }

func TestOutbox(t *testing.T) {
	t.Parallel()
	t.Run("three replicas at once send each row once", func(t *testing.T) {
		var mu sync.Mutex
		times := map[string]int{}
		h := func(_ context.Context, body json.RawMessage) error {
			mu.Lock()
			defer mu.Unlock()
			times[string(body)]++
			return nil
		}
		o, c := setup(t, h)
		for i := range 100 {
			put(t, o, i)
		}
		var group sync.WaitGroup
		for range 3 {
			replica := New(o.db, o.log, c.now)
			replica.Handle("test.told", h)
			group.Go(func() {
				if err := replica.Send(context.WithoutCancel(t.Context())); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if len(times) != 100 || count(t, o, "true") != 0 {
			t.Errorf("%d rows were sent, %d are left", len(times), count(t, o, "true"))
		}
		for body, n := range times {
			if n != 1 {
				t.Errorf("%s was sent %d times", body, n)
			}
		}
	})
	t.Run("a row of a transaction that failed is not sent", func(t *testing.T) {
		o, _ := setup(t, func(context.Context, json.RawMessage) error { t.Error("sent"); return nil })
		no := errors.New("no")
		err := pg.Tx(t.Context(), o.db, func(tx *sqlx.Tx) error {
			return errors.Join(Put(t.Context(), tx, "test.told", 1, o.now()), no)
		})
		if !errors.Is(err, no) {
			t.Fatal(err)
		}
		send(t, o)
	})
	t.Run("what fails is tried again, later and later, and given up in the end", func(t *testing.T) {
		tries := 0
		o, c := setup(t, func(context.Context, json.RawMessage) error { tries++; return errors.New("away") })
		put(t, o, 1)
		began := c.now()
		for range attemptsMost {
			before := tries
			send(t, o)
			send(t, o) // too early
			if tries != before+1 {
				t.Fatalf("%d tries, were %d", tries, before)
			}
			c.later(pause(tries))
		}
		c.later(longestPause)
		send(t, o)
		if took := c.now().Sub(began); tries != attemptsMost || took < 20*time.Hour || took > 36*time.Hour {
			t.Errorf("%d tries in %s", tries, took)
		}
		if count(t, o, "dead_at is not null and last_error = 'away'") != 1 {
			t.Error("the row does not say why")
		}
		c.later(keepDead)
		send(t, o)
		if count(t, o, "true") != 0 {
			t.Error("it is kept for ever")
		}
	})
	t.Run("what cannot work is given up at once, and holds nothing else up", func(t *testing.T) {
		sent := 0
		o, _ := setup(t, func(_ context.Context, body json.RawMessage) error {
			if string(body) == "1" {
				return fmt.Errorf("%w: no such reader", ErrNever)
			}
			sent++
			return nil
		})
		put(t, o, 1, 2)
		send(t, o)
		if sent != 1 || count(t, o, "dead_at is not null and attempts = 1") != 1 || count(t, o, "true") != 1 {
			t.Errorf("sent %d, %d rows", sent, count(t, o, "true"))
		}
	})
	t.Run("the row of a replica that died is sent by another", func(t *testing.T) {
		sent := 0
		o, c := setup(t, func(context.Context, json.RawMessage) error { sent++; return nil })
		put(t, o, 1)
		if rows, err := o.claim(t.Context()); err != nil || len(rows) != 1 {
			t.Fatal(rows, err)
		}
		send(t, o)
		if sent != 0 {
			t.Fatal("sent while another may be sending it")
		}
		c.later(time.Hour)
		send(t, o)
		if sent != 1 {
			t.Errorf("sent %d times", sent)
		}
	})
	t.Run("a kind that this version does not know waits for one that does", func(t *testing.T) {
		o, _ := setup(t, func(context.Context, json.RawMessage) error { return nil })
		if err := Put(t.Context(), o.db, "test.unknown", 1, o.now()); err != nil {
			t.Fatal(err)
		}
		send(t, o)
		if count(t, o, "attempts = 0 and dead_at is null") != 1 {
			t.Error("it is gone")
		}
	})
}
