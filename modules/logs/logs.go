// Package logs is the room that takes in what HAProxy logged, keeps it exactly once and meters it.
package logs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"
	_ "time/tzdata" // logs.zone works on hosts without zone files

	"suiftly/internal/customer"
	"suiftly/internal/host"
	"suiftly/internal/jobs"
	"suiftly/internal/web"
)

// Config is the `logs` part of the configuration; config.example.yaml explains the keys.
type Config struct {
	Listen        string            `koanf:"listen"`
	Files         []string          `koanf:"files"`
	ListenUDP     string            `koanf:"listen_udp"`
	Connections   int               `koanf:"connections"`
	SpoolDir      string            `koanf:"spool_dir"`
	SpoolMB       int               `koanf:"spool_mb"`
	Zone          string            `koanf:"zone"`
	Backends      map[string]string `koanf:"backends"`
	BatchLines    int               `koanf:"batch_lines"`
	BatchMs       int               `koanf:"batch_ms"`
	Writers       int               `koanf:"writers"`
	MeterBatches  int               `koanf:"meter_batches"`
	BillableFrom  int               `koanf:"billable_from"`
	BillableTo    int               `koanf:"billable_to"`
	ClientIP      string            `koanf:"client_ip"`
	FutureMinutes int               `koanf:"future_minutes"`
	OldDays       int               `koanf:"old_days"`
	RetentionDays int               `koanf:"retention_days"`
}

// What may be kept of a client's address.
const (
	clientIPFull      = "full"
	clientIPTruncated = "truncated"
	clientIPNone      = "none"
)

// DefaultConfig is what holds without a configuration.
func DefaultConfig() Config {
	return Config{
		Listen: "127.0.0.1:5514", Connections: 256, SpoolDir: "suiftly-data/spool", SpoolMB: 1024, Zone: "UTC", Backends: map[string]string{}, Files: []string{},
		BatchLines: 5000, BatchMs: 500, Writers: 2, MeterBatches: 200,
		BillableFrom: 200, BillableTo: 399, ClientIP: clientIPFull, FutureMinutes: 5, OldDays: 35, RetentionDays: 90,
	}
}

// Validate says everything that is wrong with it.
func (c Config) Validate() []error {
	var errs []error
	for _, at := range []struct{ key, address string }{{"listen", c.Listen}, {"listen_udp", c.ListenUDP}} {
		if at.address == "" {
			continue
		}
		_, port, err := net.SplitHostPort(at.address)
		if n, portErr := strconv.Atoi(port); err != nil || portErr != nil || n < 0 || n > 65535 {
			errs = append(errs, fmt.Errorf(`logs.%s: %q is not "address:port"; write "" to take no logs here`, at.key, at.address))
		}
	}
	if c.SpoolDir == "" {
		errs = append(errs, errors.New("logs.spool_dir: required: where received lines are kept until the database has them"))
	}
	for i, file := range c.Files {
		if !filepath.IsAbs(file) || slices.Contains(c.Files[:i], file) {
			errs = append(errs, fmt.Errorf("logs.files: %q is not a whole path, or is there twice", file))
		}
	}
	if _, err := time.LoadLocation(c.Zone); err != nil || c.Zone == "" {
		errs = append(errs, fmt.Errorf("logs.zone: %q is not a time zone such as UTC or Europe/Zurich", c.Zone))
	}
	for backend, service := range c.Backends {
		if !serviceName([]byte(service)) {
			errs = append(errs, fmt.Errorf("logs.backends.%s: %q is not the name of a service", backend, service))
		}
	}
	for _, k := range []struct {
		name            string
		is, least, most int
	}{
		{"connections", c.Connections, 1, 10000},
		{"batch_lines", c.BatchLines, 1, 50000},
		{"batch_ms", c.BatchMs, 10, 60000},
		{"spool_mb", c.SpoolMB, 8, 1 << 20},
		{"writers", c.Writers, 1, 32},
		{"meter_batches", c.MeterBatches, 1, 10000},
		{"billable_from", c.BillableFrom, 100, 999},
		{"billable_to", c.BillableTo, 100, 999},
		{"future_minutes", c.FutureMinutes, 0, 24 * 60},
		{"old_days", c.OldDays, 1, 3650},
		{"retention_days", c.RetentionDays, 1, 3650},
	} {
		if k.is < k.least || k.is > k.most {
			errs = append(errs, fmt.Errorf("logs.%s: %d is not in %d to %d", k.name, k.is, k.least, k.most))
		}
	}
	if c.BillableFrom > c.BillableTo {
		errs = append(errs, fmt.Errorf("logs.billable_from: %d is above logs.billable_to, %d", c.BillableFrom, c.BillableTo))
	}
	// A row that is accepted when its day may already be dropped could be stored, dropped, sent again and billed twice.
	if c.RetentionDays <= c.OldDays {
		errs = append(errs, fmt.Errorf("logs.retention_days: %d must be above logs.old_days, %d", c.RetentionDays, c.OldDays))
	}
	switch c.ClientIP {
	case clientIPFull, clientIPTruncated, clientIPNone:
	default:
		errs = append(errs, fmt.Errorf("logs.client_ip: %q is not full, truncated or none", c.ClientIP))
	}
	return errs
}

// zone is that of times that name none; Validate has seen that there is one.
func (c Config) zone() *time.Location {
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return time.UTC
	}
	return zone
}

func (c Config) spoolBytes() int64 { return int64(c.SpoolMB) << 20 }

// Module is the logs room.
type Module struct {
	kit     host.Kit
	config  Config
	log     *slog.Logger
	intake  *intake
	syslog  *syslog
	watched watched
	reader  reader
	streams streams

	// Known tells which of some customer ids exist. It is set once, before Run.
	Known func(context.Context, []customer.ID) (map[customer.ID]bool, error)
}

// New furnishes the room. The config must have passed Validate.
func New(kit host.Kit, c Config) *Module {
	m := &Module{kit: kit, config: c, log: kit.Log.With("room", "logs")}
	m.intake = newIntake(m)
	m.syslog = newSyslog(m)
	m.measure()
	return m
}

// Name is the room's name.
func (m *Module) Name() string { return "logs" }

// Routes are the room's endpoints.
func (m *Module) Routes(r *web.Router) {
	web.Get(r, "/", "list", web.Customer, "Your requests, newest first", m.list)
	web.Get(r, "/histogram", "histogram", web.Customer, "How many requests a filter means, in all and in time", m.histogram)
	web.Stream(r, "/tail", "tail", web.Customer, "Your requests as they arrive, as server-sent events", []string{"text/event-stream"}, m.tail)
	web.Stream(r, "/export", "export", web.Customer, "Every request of a filter, as a file", []string{"text/csv", "application/x-ndjson"}, m.export)
	web.Get(r, "/paths", "paths", web.Customer, "The paths that are asked for most", m.paths)
	web.Post(r, "/ingest", "ingest", web.Edge, "Take a batch of log lines from an edge agent; answered once it is committed", m.push, web.Body(maxPushBytes), web.Lasts(30*time.Second))
	web.Get(r, "/stats", "stats", web.Customer, "Your requests by minute or hour, for charts", m.stats)
	m.operatorRoutes(r)
}

// Jobs are the meter, and the days of the log table.
func (m *Module) Jobs() []jobs.Job {
	return []jobs.Job{
		{Name: "logs.meter", Every: 2 * time.Second, Run: func(ctx context.Context, _ jobs.Run) error {
			_, err := m.meterFree(ctx)
			return err
		}},
		{Name: "logs.days", Every: time.Hour, Run: func(ctx context.Context, run jobs.Run) error { return m.turnDays(ctx, run.Due) }},
	}
}

// Health is nil while lines can be received, where they should be. A spool that is filling is no reason to take a replica away.
func (m *Module) Health(context.Context) error { return m.syslog.health() }

// Run receives lines and follows files until ctx ends, and then writes what it has received.
func (m *Module) Run(ctx context.Context) error {
	if m.Known == nil {
		return errors.New("logs: Known is not set")
	}
	following, stop := context.WithCancel(ctx)
	defer stop()
	var tails sync.WaitGroup
	for _, file := range m.config.Files {
		tails.Go(func() { newTail(m, file).run(following) })
	}
	err := m.syslog.run(ctx)
	stop()
	tails.Wait()
	return err
}
