package web

import (
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/pgtest"
)

var (
	exact = Limit{Name: "exact", Quota: 10, Window: time.Minute}
	rough = Limit{Name: "rough", Quota: 300, Window: time.Minute, Rough: true}
)

// replicas are limiters that share a database and a clock.
func replicas(db *sqlx.DB, n int) ([]*limiter, *atomic.Int64) {
	clock := &atomic.Int64{}
	clock.Store(time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC).UnixNano())
	all := make([]*limiter, n)
	for i := range all {
		all[i] = newLimiter(db, func() time.Time { return time.Unix(0, clock.Load()) })
	}
	return all, clock
}

// granted says how many of n requests in turn to the replicas are let through.
func granted(t *testing.T, all []*limiter, limit Limit, who string, n int) (got int, last standing) {
	t.Helper()
	for i := range n {
		s, _, err := all[i%len(all)].take(t.Context(), limit, who)
		if err != nil {
			t.Fatal(err)
		}
		if s.wait == 0 {
			got++
		}
		last = s
	}
	return got, last
}

func TestExactLimit(t *testing.T) {
	t.Parallel()
	t.Run("of 120 requests at once on three replicas ten are let through", func(t *testing.T) {
		all, _ := replicas(pgtest.DB(t), 3)
		var group sync.WaitGroup
		var in, out atomic.Int64
		for i := range 120 {
			group.Go(func() {
				switch s, _, err := all[i%3].take(t.Context(), exact, "203.0.113.9"); {
				case err != nil:
					t.Error(err)
				case s.wait == 0:
					in.Add(1)
				case s.wait > time.Minute:
					t.Errorf("wait %s", s.wait)
				default:
					out.Add(1)
				}
			})
		}
		group.Wait()
		if in.Load() != 10 || out.Load() != 110 {
			t.Errorf("%d in, %d refused", in.Load(), out.Load())
		}
		if got, _ := granted(t, all, exact, "203.0.113.10", 1); got != 1 {
			t.Error("another caller was refused")
		}
	})
	t.Run("no minute, wherever it begins, holds more than ten", func(t *testing.T) {
		all, clock := replicas(pgtest.DB(t), 2)
		for _, step := range []struct {
			later time.Duration
			want  int
			wait  time.Duration
		}{{0, 10, time.Minute}, {59 * time.Second, 0, time.Second}, {time.Second, 10, time.Minute}, {30 * time.Second, 0, 30 * time.Second}, {31 * time.Second, 10, time.Minute}} {
			clock.Add(int64(step.later))
			if got, last := granted(t, all, exact, "a", 12); got != step.want || last.wait.Round(time.Second) != step.wait {
				t.Errorf("%s later: %d, then wait %s; want %d, %s", step.later, got, last.wait, step.want, step.wait)
			}
		}
	})
	t.Run("what is left is told", func(t *testing.T) {
		all, _ := replicas(pgtest.DB(t), 1)
		for want := 9; want >= 0; want-- {
			if _, s := granted(t, all, exact, "a", 1); s.left != want || s.wait != 0 {
				t.Fatalf("%d left, want %d", s.left, want)
			}
		}
	})
	t.Run("a flood beyond the limit asks the database nothing, and is news once", func(t *testing.T) {
		db := pgtest.DB(t)
		all, _ := replicas(db, 1)
		granted(t, all, exact, "a", 10)
		news := 0
		for i := range 50_000 {
			if i == 1 {
				db.Close()
			}
			s, first, err := all[0].take(t.Context(), exact, "a")
			if err != nil || s.wait == 0 {
				t.Fatalf("request %d: %+v, %v", i, s, err)
			}
			if first {
				news++
			}
		}
		if news != 1 {
			t.Errorf("%d log lines", news)
		}
	})
	t.Run("without the database nobody is let through unseen", func(t *testing.T) {
		db := pgtest.DB(t)
		all, _ := replicas(db, 1)
		db.Close()
		if _, _, err := all[0].take(t.Context(), exact, "a"); err == nil {
			t.Error("it was")
		}
	})
}

func TestRoughLimit(t *testing.T) {
	t.Parallel()
	t.Run("a caller of one replica has exactly the quota", func(t *testing.T) {
		all, clock := replicas(pgtest.DB(t), 1)
		got, last := granted(t, all, rough, "7", 1000)
		if got != 300 || last.wait <= 0 || last.wait > time.Minute {
			t.Errorf("%d, then %+v", got, last)
		}
		clock.Add(int64(time.Minute))
		if got, _ := granted(t, all, rough, "7", 1000); got != 300 {
			t.Errorf("a minute later: %d", got)
		}
	})
	t.Run("three replicas together grant the quota", func(t *testing.T) {
		all, _ := replicas(pgtest.DB(t), 3)
		if got, _ := granted(t, all, rough, "7", 3000); got != 300 {
			t.Errorf("granted %d", got)
		}
	})
	t.Run("a replica that is hardly used grants at most a thirtieth more", func(t *testing.T) {
		all, _ := replicas(pgtest.DB(t), 2)
		got, _ := granted(t, all[:1], rough, "7", 1000)
		more, _ := granted(t, all[1:], rough, "7", 1000)
		if got+more > 310 {
			t.Errorf("granted %d and %d", got, more)
		}
	})
	t.Run("steady use below the quota is never refused", func(t *testing.T) {
		all, clock := replicas(pgtest.DB(t), 3)
		for i := range 240 * 4 { // 240 a minute for four minutes
			if s, _, err := all[i%3].take(t.Context(), rough, "7"); err != nil || s.wait != 0 {
				t.Fatalf("request %d: %+v, %v", i, s, err)
			}
			clock.Add(int64(250 * time.Millisecond))
		}
	})
	t.Run("ten requests a minute cost no statement, and no database is no refusal", func(t *testing.T) {
		db := pgtest.DB(t)
		all, _ := replicas(db, 1)
		db.Close()
		if got, _ := granted(t, all, rough, "7", 500); got != 500 {
			t.Errorf("granted %d", got)
		}
	})
}

func TestLimiterMemory(t *testing.T) {
	t.Parallel()
	all, _ := replicas(pgtest.DB(t), 1)
	granted(t, all, exact, "refused", 11)
	for i := range maxTakes + 100 {
		if _, _, err := all[0].take(t.Context(), rough, fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(all[0].takes); n > maxTakes || n < 100 {
		t.Errorf("%d callers are remembered", n)
	}
	if all[0].takes["exact/refused"] == nil {
		t.Error("a refused caller is forgotten")
	}
}

func TestSweepLimits(t *testing.T) {
	t.Parallel()
	db := pgtest.DB(t)
	all, clock := replicas(db, 1)
	granted(t, all, exact, "a", 1)
	s := &Server{db: db}
	for later, want := range map[time.Duration]int{30 * time.Second: 1, 61 * time.Second: 0} {
		if err := s.SweepLimits(t.Context(), time.Unix(0, clock.Load()).Add(later)); err != nil {
			t.Fatal(err)
		}
		var left int
		if err := db.Get(&left, `select count(*) from ops.rate_limits`); err != nil || left > want {
			t.Errorf("after %s %d are left, %v", later, left, err)
		}
	}
}

func TestCallerKeys(t *testing.T) {
	for ip, want := range map[string][2]string{
		"203.0.113.9": {"203.0.113.9", "203.0.113.0/24"}, "::ffff:203.0.113.9": {"203.0.113.9", "203.0.113.0/24"},
		"2001:db8:1:2:3:4:5:6": {"2001:db8:1:2::/64", "2001:db8:1::/48"}, "2001:db8:1:2:ffff::1": {"2001:db8:1:2::/64", "2001:db8:1::/48"},
		"fe80::1%eth0": {"fe80::/64", "fe80::/48"},
	} {
		a := netip.MustParseAddr(ip)
		if got := [2]string{callerKey(a), Network(a)}; got != want {
			t.Errorf("%s: %v", ip, got)
		}
	}
	if Network(netip.Addr{}) != "" {
		t.Error("no address")
	}
}
