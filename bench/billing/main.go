// Command billing measures the hourly run: ten thousand customers with three services each, upon tables that already hold some
// number of log rows, beside the way that scans the rows and flags them. It starts a Postgres of its own, with durable
// settings, and prints a table.
//
//	go run ./bench/billing -rows 1000000,10000000,50000000
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/host"
	"suiftly/internal/money"
	"suiftly/internal/pg"
	"suiftly/modules/billing"
	"suiftly/modules/logs"
	"suiftly/modules/services"
	"suiftly/modules/wallet"
)

type bench struct {
	ctx       context.Context
	db        *sqlx.DB
	billing   *billing.Module
	now       time.Time // the hour that is billed next
	customers int
	held      int // rows in either table
}

func main() {
	sizes := flag.String("rows", "1000000,10000000", "log rows that are there already, one size after the other, growing")
	customers := flag.Int("customers", 10_000, "customers, with three services each")
	rounds := flag.Int("rounds", 5, "hours billed at each size")
	naive := flag.Bool("naive", true, "measure scanning and flagging too")
	dir := flag.String("dir", "", "folder for the database; on the disk that is to be measured (default: the temporary folder)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *sizes, *customers, *rounds, *naive, *dir); err != nil {
		fmt.Fprintln(os.Stderr, "bench/billing:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, sizes string, customers, rounds int, naive bool, base string) error {
	dir, err := os.MkdirTemp(base, "suiftly-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	// The server may run as another account, which has to pass through.
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	quiet := slog.New(slog.DiscardHandler)
	server, err := pg.StartEmbedded(ctx, filepath.Join(dir, "postgres"), quiet)
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
	b := &bench{ctx: ctx, db: db, now: time.Now().UTC().Truncate(time.Hour), customers: customers}
	kit := host.Kit{DB: db, Log: quiet, Now: func() time.Time { return b.now.Add(time.Hour) }}
	b.billing = billing.New(kit, billing.DefaultConfig(), services.New(kit, services.DefaultConfig(), nil),
		wallet.New(kit, wallet.DefaultConfig()), logs.New(kit, logs.DefaultConfig()))
	if err := b.prepare(); err != nil {
		return err
	}
	fmt.Printf("%d customers x 3 services, %d rows in the hour, %d rounds, load before: %s\n\n", customers, customers*3*rowsEach, rounds, load())
	fmt.Println("| rows that are there | run, s median | min | max | us a charge | scan and flag, s median |")
	fmt.Println("|---|---|---|---|---|---|")
	for _, text := range strings.Split(sizes, ",") {
		size, err := strconv.Atoi(text)
		if err != nil {
			return err
		}
		if err := b.fill(size, naive); err != nil {
			return fmt.Errorf("fill to %d rows: %w", size, err)
		}
		var took, flagged []float64
		for range rounds {
			s, err := b.hour()
			if err != nil {
				return err
			}
			took = append(took, s)
			if naive {
				if s, err = b.flag(); err != nil {
					return err
				}
				flagged = append(flagged, s)
			}
			fmt.Fprintf(os.Stderr, "%d rows: run %.2f s, flagged %v s, load %s\n", size, took[len(took)-1], flagged, load())
		}
		slices.Sort(took)
		slices.Sort(flagged)
		other := "-"
		if naive {
			other = fmt.Sprintf("%.2f", flagged[len(flagged)/2])
		}
		median := took[len(took)/2]
		fmt.Printf("| %d | %.2f | %.2f | %.2f | %.0f | %s |\n", size, median, took[0], took[len(took)-1], median*1e6/float64(customers*3), other)
	}
	if wrong, err := b.billing.Check(ctx); err != nil || len(wrong) > 0 {
		return errors.Join(err, fmt.Errorf("the bills are wrong: %q", wrong))
	}
	return nil
}

// rowsEach is how many log rows each service of each customer gains in an hour.
const rowsEach = 3

func (b *bench) exec(query string, args ...any) error {
	_, err := b.db.ExecContext(b.ctx, query, args...)
	return err
}

// prepare makes the customers, the table of the naive way, and one hour that is billed before anything is measured: first
// charges open accounts.
func (b *bench) prepare() error {
	err := b.exec(`insert into auth.customers (customer_id, address) overriding system value
		select 1000 + n, '0x' || lpad(to_hex(n), 64, '0') from generate_series(1, $1) n`, b.customers)
	if err != nil {
		return err
	}
	for _, query := range []string{
		`create schema naive`,
		`create table naive.logs (id bigint generated always as identity primary key, timestamp timestamptz not null, customer_id bigint not null,
			service text not null, status smallint not null, bytes bigint not null, path text not null, billed_at timestamptz)`,
		`create table naive.charges (customer_id bigint not null, service text not null, hour timestamptz not null, requests bigint not null,
			bytes bigint not null, amount_micros bigint not null)`,
	} {
		if err := b.exec(query); err != nil {
			return err
		}
	}
	_, err = b.hour()
	return err
}

// A fixed mix of customers and services, so that every (customer, service) has the same number of rows.
const logRows = `insert into logs.haproxy_logs (timestamp, batch_id, customer_id, bytes_sent, bytes_received, duration_ms, status, billable,
	reached, rid, client_ip, service, key_id, method, path, backend, server, termination)
select $1::timestamptz - $6::float8 * (n - $2::bigint) * interval '1 second', $4, 1001 + (n / 3) % $5::bigint, 1000003, 120, 12, 200, true, true, gen_random_uuid(), '10.0.0.1',
	(array['seal', 'grpc', 'graphql'])[1 + n % 3], '7', 'POST', '/v1/service', 'be', 's1', '----'
from generate_series($2::bigint, $3::bigint - 1) n`

const naiveRows = `insert into naive.logs (timestamp, customer_id, service, status, bytes, path, billed_at)
select $1::timestamptz, 1001 + (n / 3) % $4::bigint, (array['seal', 'grpc', 'graphql'])[1 + n % 3], 200, 1000003, '/v1/service', $5::timestamptz
from generate_series($2::bigint, $3::bigint - 1) n`

// batch writes rows of the hour before b.now, or the days before that when spread, in one batch.
func (b *bench) batch(from, to int, billed bool) error {
	spread := 0.0
	at := b.now.Add(time.Minute)
	var run *int64
	if billed {
		// A million rows an hour.
		spread, at = 0.0036, b.now.Add(-time.Hour-time.Duration(from)*3600*time.Microsecond)
		run = new(int64)
	}
	var id int64
	err := b.db.GetContext(b.ctx, &id, `insert into logs.batches (source, position, lines, stored, duplicates, rejected, quarantined, unattributed, first_at, last_at, metered_run, billed_run)
		values ($1, $2, $3, $3, 0, 0, 0, 0, $4, $5, $6, $6) returning batch_id`,
		"bench/"+strconv.FormatInt(b.now.Unix(), 10)+strconv.FormatBool(billed), from, to-from, at.Add(-time.Duration(spread*float64(to-from)*float64(time.Second))), at, run)
	if err != nil {
		return err
	}
	for day := at.Add(-time.Duration(spread * float64(to-from) * float64(time.Second))); !day.After(at.Add(24 * time.Hour)); day = day.Add(24 * time.Hour) {
		if err := b.exec(`select logs.make_partition($1::date)`, day.Format("2006-01-02")); err != nil {
			return err
		}
	}
	return b.exec(logRows, at, from, to, id, b.customers, spread)
}

const batchLines = 5000

// fill adds old rows, which were metered and billed, until there are size of them.
func (b *bench) fill(size int, naive bool) error {
	for ; b.held < size; b.held += batchLines {
		if err := b.batch(b.held, b.held+batchLines, true); err != nil {
			return err
		}
		if naive {
			if err := b.exec(naiveRows, b.now.Add(-time.Hour), b.held, b.held+batchLines, b.customers, b.now); err != nil {
				return err
			}
		}
		if b.held%1_000_000 == 0 {
			fmt.Fprintf(os.Stderr, "\r%d M rows", b.held/1_000_000)
		}
	}
	fmt.Fprintln(os.Stderr)
	return errors.Join(b.exec(`analyze`), b.exec(`checkpoint`))
}

// hour writes the next hour's rows and gives the seconds that their billing took, from metering to the last commit.
func (b *bench) hour() (float64, error) {
	b.now = b.now.Add(time.Hour)
	for from := 0; from < b.customers*3*rowsEach; from += batchLines {
		if err := b.batch(from, min(from+batchLines, b.customers*3*rowsEach), false); err != nil {
			return 0, err
		}
	}
	if err := b.exec(`checkpoint`); err != nil {
		return 0, err
	}
	began := time.Now()
	r, err := b.billing.RunOnce(b.ctx, b.now.Add(time.Hour))
	took := time.Since(began).Seconds()
	usage := money.Micros(b.customers) * rowsEach * 300
	if err == nil && (r.Customers != int64(b.customers) || r.Amount < usage) {
		err = fmt.Errorf("%d customers were billed $%s", r.Customers, r.Amount)
	}
	return took, err
}

// flag bills as many new rows by scanning for those without a flag and setting it.
func (b *bench) flag() (float64, error) {
	if err := b.exec(naiveRows, b.now, 0, b.customers*3*rowsEach, b.customers, nil); err != nil {
		return 0, err
	}
	if err := b.exec(`checkpoint`); err != nil {
		return 0, err
	}
	began := time.Now()
	err := pg.Tx(b.ctx, b.db, func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(b.ctx, `with fresh as (
				update naive.logs set billed_at = now() where billed_at is null
				returning customer_id, service, date_trunc('hour', timestamp, 'UTC') as hour, bytes)
			insert into naive.charges
			select customer_id, service, hour, count(*), sum(bytes), count(*) * 100 + sum(bytes) * 60000 / 1073741824 from fresh group by 1, 2, 3`)
		return err
	})
	return time.Since(began).Seconds(), err
}

func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(text))[:3], " ") + " on " + strconv.Itoa(runtime.NumCPU()) + " CPUs"
}
