// Command ingest measures the log intake: from HAProxy's lines on a TCP socket to committed rows, beside Postgres' own COPY of
// the same rows into the same table, and beside rsyslog and pgloader where those are installed. It starts a Postgres of its own,
// with durable settings, and prints a table.
//
//	go run ./bench/ingest -lines 500000 -rounds 5
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/customer"
	"suiftly/internal/host"
	"suiftly/internal/pg"
	"suiftly/modules/logs"
)

// columns are those of the rows that are compared. The batch of a row is among them: its index costs COPY as much as us.
const columns = "timestamp, batch_id, customer_id, bytes_sent, bytes_received, duration_ms, status, billable, reached, rid, client_ip, service, key_id, method, path, backend, server, termination, claimed"

// variant is one way to get lines, or a part of them, into the table.
type variant struct {
	name string
	once func() (time.Duration, error)
	part int // 1 of so many lines
}

type bench struct {
	ctx    context.Context
	db     *sqlx.DB
	url    string
	stream []byte // all lines, octet-counted
	part   []byte // a tenth of them
	lines  int
	file   string // the rows of the lines, in COPY's text format
	block  []byte // the same
}

func main() {
	lines := flag.Int("lines", 300_000, "log lines of a round")
	rounds := flag.Int("rounds", 5, "rounds; each runs every variant once, in turn")
	dir := flag.String("dir", "", "folder for the database; on the disk that is to be measured (default: the temporary folder)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *lines, *rounds, *dir); err != nil {
		fmt.Fprintln(os.Stderr, "bench/ingest:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, lines, rounds int, base string) error {
	dir, err := os.MkdirTemp(base, "suiftly-bench-")
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
	b := &bench{ctx: ctx, url: server.URL(), lines: lines, file: filepath.Join(dir, "rows.copy")}
	if b.db, err = pg.Open(ctx, server.URL(), 8); err != nil {
		return err
	}
	defer b.db.Close()
	raw := sample(lines)
	for i, l := range raw {
		b.stream = fmt.Appendf(b.stream, "%d %s", len(l), l)
		if i == lines/rsyslogPart-1 {
			b.part = b.stream[:len(b.stream):len(b.stream)]
		}
	}
	fmt.Fprintf(os.Stderr, "%d lines of %d bytes; load before: %s\n", lines, len(b.stream)/lines, load())

	// The first intake warms up and gives the rows that COPY gets.
	if _, err := b.intake(2); err != nil {
		return err
	}
	if err := b.export(); err != nil {
		return err
	}
	peers, missing := b.peers()
	variants := append([]variant{
		{"psql \\copy, one transaction", b.psql, 1},
		{"COPY over lib/pq, one transaction", b.copyAll, 1},
		{"COPY over lib/pq, 5,000 rows a transaction", b.copyBatches, 1},
	}, peers...)
	variants = append(variants,
		variant{"suiftly, 1 writer", func() (time.Duration, error) { return b.intake(1) }, 1},
		variant{"suiftly, 2 writers (default)", func() (time.Duration, error) { return b.intake(2) }, 1},
	)
	took := make([][]time.Duration, len(variants))
	var metered []float64 // microseconds a row
	for round := range rounds {
		for i, v := range variants {
			if err := b.empty(); err != nil {
				return err
			}
			d, err := v.once()
			if err != nil {
				return fmt.Errorf("%s: %w", v.name, err)
			}
			var rows int
			if err := b.db.GetContext(ctx, &rows, `select count(*) from logs.haproxy_logs`); err != nil || rows != lines/v.part {
				return fmt.Errorf("%s: %d rows of %d lines: %v", v.name, rows, lines/v.part, err)
			}
			d *= time.Duration(v.part)
			took[i] = append(took[i], d)
			if i == len(variants)-1 {
				us, err := b.meter()
				if err != nil {
					return err
				}
				metered = append(metered, us)
			}
			fmt.Fprintf(os.Stderr, "round %d  %-45s %8.0f lines/s\n", round+1, v.name, float64(lines)/d.Seconds())
		}
	}
	var version string
	if err := b.db.GetContext(ctx, &version, `show server_version`); err != nil {
		return err
	}
	fmt.Printf("Postgres %s (fsync on, synchronous_commit on), %d lines, %d rounds interleaved, load after: %s\n\n", version, lines, rounds, load())
	fmt.Println("| HAProxy line to committed row | lines/s median | min | max | of psql, median of rounds |")
	fmt.Println("|---|---|---|---|---|")
	for i, v := range variants {
		var rates, ratios []float64
		for round, d := range took[i] {
			rates = append(rates, float64(lines)/d.Seconds())
			ratios = append(ratios, took[0][round].Seconds()/d.Seconds())
		}
		slices.Sort(rates)
		slices.Sort(ratios)
		fmt.Printf("| %s | %.0f | %.0f | %.0f | %.2f |\n", v.name, rates[len(rates)/2], rates[0], rates[len(rates)-1], ratios[len(ratios)/2])
	}
	if len(missing) > 0 {
		fmt.Printf("\nNot compared, because not installed: apt-get install %s\n", strings.Join(missing, " "))
	}
	slices.Sort(metered)
	fmt.Printf("\n| meter | us/row median | min | max |\n|---|---|---|---|\n")
	fmt.Printf("| totals and both rollups of %d rows | %.2f | %.2f | %.2f |\n", lines, metered[len(metered)/2], metered[0], metered[len(metered)-1])
	parser(raw)
	return nil
}

// parser measures reading a line alone, in each format.
func parser(raw [][]byte) {
	const header = "<134>1 2026-11-24T10:19:57.071370+00:00 edge1 haproxy 9210 - - "
	fmt.Printf("\n| parser, behind an RFC 5424 header | ns/line | lines/s/core | bytes/line | allocations/line |\n|---|---|---|---|---|\n")
	for _, format := range []struct {
		name  string
		lines [][]byte
	}{
		{"JSON", raw},
		{"text", [][]byte{[]byte(header + "sft/1 57c2504e-530a-45c3-88d8-52bc8593449e 1795515597071255 1001 seal 7 200 132 57 2 ---- 127.0.0.1 be_seal s1 GET /v1/fetch_key")}},
		{"option httplog", [][]byte{[]byte(header + `127.0.0.1:48120 [24/Nov/2026:10:19:59.107] lax be_seal/s1 0/0/0/2/2 200 132 - - ---- 1/1/0/0/0 0/0 {1001|grpc|7|fa2aef73-2416-4292-8534-9f186daba40a} "GET /v1/fetch_key HTTP/1.1"`)}},
	} {
		r := testing.Benchmark(func(b *testing.B) {
			var l logs.Line
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if err := l.Parse(format.lines[i%len(format.lines)]); err != nil {
					b.Fatal(err)
				}
			}
		})
		fmt.Printf("| %s | %d | %.0f | %d | %d |\n", format.name, r.NsPerOp(), 1e9/float64(r.NsPerOp()), len(format.lines[0]), r.AllocsPerOp())
	}
}

// intake runs the room's own listener and gives the time from the first byte sent to the last row committed.
func (b *bench) intake(writers int) (time.Duration, error) {
	c := logs.DefaultConfig()
	c.Listen, c.Writers, c.SpoolDir = "127.0.0.1:0", writers, filepath.Join(filepath.Dir(b.file), "spool")
	m := logs.New(host.Kit{DB: b.db, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: time.Now}, c)
	m.Known = func(_ context.Context, ids []customer.ID) (map[customer.ID]bool, error) {
		known := map[customer.ID]bool{}
		for _, id := range ids {
			known[id] = true
		}
		return known, nil
	}
	ctx, stop := context.WithCancel(b.ctx)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	select {
	case <-m.Listening():
	case err := <-done:
		return 0, err
	}
	conn, err := net.Dial("tcp", m.ListenAddress())
	if err != nil {
		return 0, err
	}
	began := time.Now()
	if _, err := conn.Write(b.stream); err != nil {
		return 0, err
	}
	if err := conn.Close(); err != nil {
		return 0, err
	}
	for {
		var lines int
		if err := b.db.GetContext(ctx, &lines, `select coalesce(sum(lines), 0) from logs.batches`); err != nil {
			return 0, err
		}
		if lines == b.lines {
			break
		}
		time.Sleep(2 * time.Millisecond)
	}
	took := time.Since(began)
	stop()
	return took, <-done
}

// meter adds up what the intake has just stored, and gives the microseconds a row took.
func (b *bench) meter() (float64, error) {
	m := logs.New(host.Kit{DB: b.db, Log: slog.New(slog.DiscardHandler), Now: time.Now}, logs.DefaultConfig())
	began := time.Now()
	n, err := m.Meter(b.ctx)
	if err == nil && n != b.lines {
		err = fmt.Errorf("metered %d of %d lines", n, b.lines)
	}
	return float64(time.Since(began).Microseconds()) / float64(b.lines), err
}

func (b *bench) export() error {
	out, err := b.psqlCommand(`\copy (select ` + columns + ` from logs.haproxy_logs) to '` + b.file + `'`).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	b.block, err = os.ReadFile(b.file)
	return err
}

func (b *bench) psqlCommand(command string) *exec.Cmd {
	return exec.CommandContext(b.ctx, "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", b.url, "-c", command)
}

func (b *bench) psql() (time.Duration, error) {
	began := time.Now()
	if out, err := b.psqlCommand(`\copy logs.haproxy_logs (` + columns + `) from '` + b.file + `'`).CombinedOutput(); err != nil {
		return 0, fmt.Errorf("%w: %s", err, out)
	}
	return time.Since(began), nil
}

func (b *bench) copyAll() (time.Duration, error) { return b.copy(b.block) }

func (b *bench) copyBatches() (took time.Duration, err error) {
	rest := b.block
	for len(rest) > 0 {
		end := 0
		for range 5000 {
			n := bytes.IndexByte(rest[end:], '\n')
			if n < 0 {
				break
			}
			end += n + 1
		}
		d, err := b.copy(rest[:end])
		if err != nil {
			return 0, err
		}
		took += d
		rest = rest[end:]
	}
	return took, nil
}

func (b *bench) copy(block []byte) (time.Duration, error) {
	began := time.Now()
	err := pg.Bulk(b.ctx, b.db, func(tx *pg.BulkTx) error {
		return tx.Copy(b.ctx, `copy logs.haproxy_logs (`+columns+`) from stdin`, block)
	})
	return time.Since(began), err
}

// empty makes every variant start from the same: no rows, and nothing left for the checkpointer to write.
func (b *bench) empty() error {
	if _, err := b.db.ExecContext(b.ctx, `truncate logs.haproxy_logs, logs.batches, logs.usage_hours, logs.rollup_minutes, logs.rollup_hours`); err != nil {
		return err
	}
	_, err := b.db.ExecContext(b.ctx, `checkpoint`)
	return err
}

// sample makes lines as deploy/haproxy.cfg writes them: a thousand customers of which few send most, mostly 200.
func sample(n int) [][]byte {
	draw := rand.New(rand.NewPCG(20261124, 1))
	customers := rand.NewZipf(draw, 1.2, 8, 999)
	services := []string{"seal", "grpc", "graphql"}
	paths := []string{`\/v1\/fetch_key`, `\/v1\/service`, `\/sui.rpc.v2.LedgerService\/GetObject`, `\/graphql`, `\/v1\/objects\/0x%x%x`}
	from := time.Now().Add(-10 * time.Minute)
	lines := make([][]byte, n)
	for i := range lines {
		at := from.Add(time.Duration(i) * 20 * time.Microsecond)
		status := 200
		switch x := draw.IntN(100); {
		case x >= 98:
			status = 503
		case x >= 96:
			status = 429
		case x >= 92:
			status = 404
		}
		path := paths[draw.IntN(len(paths))]
		if strings.Contains(path, "%x") {
			path = fmt.Sprintf(path, draw.Uint64(), draw.Uint64())
		}
		lines[i] = fmt.Appendf(nil, `<134>1 %s edge1 haproxy 855 - - {"v":1,"id":"%08x-%04x-4%03x-a%03x-%012x","pid":855,"n":%d,"t":%d,"c":"%d","s":"%s","k":"%d","m":"POST","st":%d,"bo":%d,"bi":%d,"d":%d,"tr":%d,"ts":"----","ip":"10.%d.%d.%d","be":"be_%s","sv":"s%d","p":"%s"}`,
			at.UTC().Format("2006-01-02T15:04:05.000000-07:00"), draw.Uint32(), draw.IntN(1<<16), draw.IntN(1<<12), draw.IntN(1<<12), draw.Int64N(1<<48),
			i, at.UnixMicro(), 1001+customers.Uint64(), services[draw.IntN(3)], 1+draw.IntN(9), status, 300+draw.IntN(4000), 100+draw.IntN(900),
			int(draw.ExpFloat64()*30), draw.IntN(30), draw.IntN(256), draw.IntN(256), draw.IntN(256), services[draw.IntN(3)], 1+draw.IntN(4), path)
	}
	return lines
}

func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(text))[:3], " ") + " on " + strconv.Itoa(runtime.NumCPU()) + " CPUs"
}
