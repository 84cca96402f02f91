package logs

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/customer"
	"suiftly/internal/host"
	"suiftly/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// now is a minute after the sample lines were written.
var now = time.Date(2026, 11, 23, 23, 3, 0, 0, time.UTC)

type room struct {
	*Module
	t  testing.TB
	db *sqlx.DB
}

// setup gives a room on a database of its own. Customers 1001 to 1999 exist.
func setup(t testing.TB, change ...func(*Config)) *room {
	t.Helper()
	return on(t, pgtest.DB(t), change...)
}

// on gives one more replica of the room on the same database.
func on(t testing.TB, db *sqlx.DB, change ...func(*Config)) *room {
	t.Helper()
	c := DefaultConfig()
	c.Listen = "127.0.0.1:0"
	c.BatchMs = 20
	c.SpoolDir, c.SpoolMB = t.TempDir(), 8
	for _, f := range change {
		f(&c)
	}
	if errs := c.Validate(); len(errs) > 0 {
		t.Fatal(errs)
	}
	out := io.Discard
	if testing.Verbose() {
		out = os.Stderr
	}
	m := New(host.Kit{DB: db, Log: slog.New(slog.NewTextHandler(out, nil)), Now: func() time.Time { return now }}, c)
	m.Known = func(_ context.Context, ids []customer.ID) (map[customer.ID]bool, error) {
		known := map[customer.ID]bool{}
		for _, id := range ids {
			known[id] = id >= 1001 && id <= 1999
		}
		return known, nil
	}
	return &room{Module: m, t: t, db: db}
}

// run starts the listener and gives what stops it and waits.
func (r *room) run() (stop func()) {
	r.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	select {
	case <-r.Listening():
	case err := <-done:
		r.t.Fatalf("run: %v", err)
	}
	stopped := false
	stop = func() {
		r.t.Helper()
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			r.t.Errorf("run: %v", err)
		}
	}
	r.t.Cleanup(stop)
	return stop
}

// runs starts a room that only follows files, and gives what stops it and waits.
func (r *room) runs() (stop func()) {
	r.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	return sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			r.t.Errorf("run: %v", err)
		}
	})
}

// send writes lines over one connection, newline-framed or octet-counted, in pieces of odd sizes.
func (r *room) send(lines [][]byte, counted bool) {
	r.t.Helper()
	conn, err := net.Dial("tcp", r.ListenAddress())
	if err != nil {
		r.t.Fatal(err)
	}
	defer conn.Close()
	var b []byte
	for _, line := range lines {
		if counted {
			b = fmt.Appendf(b, "%d %s", len(line), line)
		} else {
			b = append(append(b, line...), '\n')
		}
	}
	for len(b) > 0 {
		n := min(len(b), 1+rand.IntN(9000))
		if _, err := conn.Write(b[:n]); err != nil {
			r.t.Fatal(err)
		}
		b = b[n:]
	}
}

// take writes lines as one batch, without a socket.
func (r *room) take(source string, position int64, lines [][]byte) written {
	r.t.Helper()
	done, err := r.intake.write(context.Background(), r.linesOf(source, position, lines))
	if err != nil {
		r.t.Fatal(err)
	}
	return done
}

func (r *room) linesOf(source string, position int64, lines [][]byte) *batch {
	b := &batch{}
	b.reset(source, position, time.Now())
	var l Line
	for _, raw := range lines {
		b.add(raw, 0, false, &l, r.intake.settings)
	}
	return b
}

func (r *room) meter() int {
	r.t.Helper()
	n, err := r.Meter(context.Background())
	if err != nil {
		r.t.Fatal(err)
	}
	return n
}

// sound fails the test when an invariant is broken.
func (r *room) sound() {
	r.t.Helper()
	wrong, err := r.Check(context.Background())
	if err != nil {
		r.t.Fatal(err)
	}
	for _, w := range wrong {
		r.t.Error(w)
	}
}

func (r *room) count(query string, args ...any) int {
	r.t.Helper()
	var n int
	if err := r.db.Get(&n, query, args...); err != nil {
		r.t.Fatalf("%s: %v", query, err)
	}
	return n
}

func (r *room) texts(query string, args ...any) []string {
	r.t.Helper()
	var rows []string
	if err := r.db.Select(&rows, query, args...); err != nil {
		r.t.Fatalf("%s: %v", query, err)
	}
	return rows
}

// rows is the whole log table but for what differs between two intakes of the same lines.
func (r *room) rows() string {
	return strings.Join(r.texts(`
		select row(timestamp, rid, customer_id, service, key_id, method, path, status, billable, reached, bytes_sent,
			bytes_received, duration_ms, client_ip, backend, server, termination, claimed)::text
		from logs.haproxy_logs
		order by timestamp, rid`), "\n")
}

func (r *room) totals() string {
	return strings.Join(r.texts(`
		select row(customer_id, service, hour, requests, billable, bytes)::text
		from logs.usage_hours
		order by customer_id, service, hour`), "\n") + "\n" + strings.Join(r.texts(`
		select row(m.*)::text
		from logs.rollup_minutes m
		order by customer_id, service, bucket`), "\n")
}

// await polls the database until the count is what is wanted.
func (r *room) await(want int, query string, args ...any) {
	r.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		n := r.count(query, args...)
		if n == want {
			return
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("%d, want %d: %s", n, want, query)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

const allRows = `select count(*) from logs.haproxy_logs`
const allLines = `select coalesce(sum(lines), 0) from logs.batches`

// line makes a log line in our format.
func line(n int, at time.Time, customer, service string, status, bytes int) []byte {
	return fmt.Appendf(nil, `<134>1 2026-11-23T23:01:25.834995+00:00 edge1 haproxy 855 - - {"v":1,"id":"%08x-0000-4000-8000-%012x","t":%d,"c":"%s","s":"%s","k":"7","m":"POST","st":%d,"bo":%d,"bi":359,"d":%d,"tr":0,"ts":"----","ip":"10.1.2.3","be":"be_seal","sv":"s1","p":"\/v1\/fetch_key?n=%d"}`,
		n, n, at.UnixMicro(), customer, service, status, bytes, n%300, n)
}

func shuffled(lines [][]byte, seed uint64) [][]byte {
	out := append([][]byte(nil), lines...)
	rand.New(rand.NewPCG(seed, 1)).Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}
