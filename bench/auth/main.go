// Command auth measures the door: how long a sign-in's verify takes at a steady rate, alone and while one address floods the
// door with signatures that fail. It starts a Postgres and the web server in its own process, and prints a table.
//
//	go run ./bench/auth -seconds 20
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/host"
	"suiftly/internal/pg"
	"suiftly/internal/web"
	"suiftly/modules/auth"
)

func main() {
	seconds := flag.Int("seconds", 20, "length of each measurement")
	rate := flag.Int("rate", 50, "sign-ins a second")
	flood := flag.Int("flood", 5000, "failing verifies a second, all from one address")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, time.Duration(*seconds)*time.Second, *rate, *flood); err != nil {
		fmt.Fprintln(os.Stderr, "bench/auth:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, length time.Duration, rate, flood int) error {
	dir, err := os.MkdirTemp("", "suiftly-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	// The server may run as another account, which has to pass through.
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	server, err := pg.StartEmbedded(ctx, filepath.Join(dir, "postgres"), slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer server.Stop()
	if err := pg.Migrate(ctx, server.URL(), os.DirFS("db/migrations")); err != nil {
		return fmt.Errorf("run this in the folder of go.mod: %w", err)
	}
	db, err := pg.Open(ctx, server.URL(), 8)
	if err != nil {
		return err
	}
	defer db.Close()
	address, stop, err := open(db)
	if err != nil {
		return err
	}
	defer stop()

	fmt.Printf("%d CPUs, client, server and Postgres share them; verify at %d sign-ins a second for %s\n\n", runtime.NumCPU(), rate, length)
	fmt.Printf("%-34s %8s %8s %8s %8s %8s\n", "", "p50 ms", "p99 ms", "max ms", "done", "failed")
	if _, err := signIns(ctx, address, rate, 3*time.Second, plain); err != nil { // warm up
		return err
	}
	for _, scheme := range []wallet{plain, committee} {
		took, err := signIns(ctx, address, rate, length, scheme)
		if err != nil {
			return err
		}
		took.print(scheme.name)
	}
	before, err := transactions(db)
	if err != nil {
		return err
	}
	floodCtx, endFlood := context.WithCancel(ctx)
	f := startFlood(floodCtx, address, flood)
	took, err := signIns(ctx, address, rate, length, plain)
	endFlood()
	f.wait.Wait()
	if err != nil {
		return err
	}
	took.print("ed25519, under the flood")
	after, err := transactions(db)
	if err != nil {
		return err
	}
	fmt.Printf("\nflood from one address: %.0f requests a second answered, %d refused by 429, %d otherwise; p99 %.1f ms\n",
		float64(f.refused.Load()+f.other.Load())/length.Seconds(), f.refused.Load(), f.other.Load(), f.p99())
	fmt.Printf("database transactions meanwhile: %d, of %d sign-ins\n", after-before, took.done())
	return nil
}

// open serves the auth room as `suiftly serve` does.
func open(db *sqlx.DB) (address string, stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	c := web.DefaultConfig()
	c.Listen = l.Addr().String()
	settings := auth.DefaultConfig()
	settings.SigningKeys = []string{strings.Repeat("k", 32)}
	room, err := auth.New(host.Kit{DB: db, Log: log, Now: time.Now}, settings, c.Origin())
	if err != nil {
		return "", nil, err
	}
	s := web.New(c, db, log, time.Now, "bench")
	s.Authenticate = room.Authenticate
	room.Routes(s.Room(room.Name()))
	go func() { _ = s.Serve(l) }()
	return c.Listen, func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = s.Shutdown(ctx)
	}, nil
}

func transactions(db *sqlx.DB) (n int64, err error) {
	time.Sleep(1500 * time.Millisecond) // Postgres reports its statistics about once a second
	err = db.Get(&n, `select xact_commit + xact_rollback from pg_stat_database where datname = current_database()`)
	return n, err
}

// times are the answers of one measurement.
type times struct {
	mu     sync.Mutex
	took   []time.Duration
	failed int
	why    error
}

func (t *times) add(d time.Duration, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		t.failed, t.why = t.failed+1, err
		return
	}
	t.took = append(t.took, d)
}

func (t *times) done() int { return len(t.took) }

func (t *times) percentile(p float64) float64 {
	if len(t.took) == 0 {
		return 0
	}
	slices.Sort(t.took)
	return float64(t.took[min(len(t.took)-1, int(p*float64(len(t.took))))].Microseconds()) / 1000
}

func (t *times) print(name string) {
	fmt.Printf("%-34s %8.1f %8.1f %8.1f %8d %8d\n", name, t.percentile(.5), t.percentile(.99), t.percentile(1), len(t.took), t.failed)
	if t.why != nil {
		fmt.Printf("  one of the failures: %v\n", t.why)
	}
}

// visitors numbers everybody who ever signs in: each has an own address and an own wallet.
var visitors atomic.Uint32

// signIns starts sign-ins at the rate, whether or not the ones before have ended, and times their verify.
func signIns(ctx context.Context, address string, rate int, length time.Duration, w wallet) (*times, error) {
	t := &times{}
	var all sync.WaitGroup
	tick := time.NewTicker(time.Second / time.Duration(rate))
	defer tick.Stop()
	for end := time.Now().Add(length); time.Now().Before(end); {
		select {
		case <-ctx.Done():
			return t, ctx.Err()
		case <-tick.C:
		}
		n := visitors.Add(1)
		all.Go(func() { t.add(visit(ctx, address, n, w)) })
	}
	all.Wait()
	return t, nil
}
