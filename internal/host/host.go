// Package host is the house: it asks every room for its parts, starts them together and lets them finish their work.
package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/prometheus/client_golang/prometheus"

	"suiftly/internal/jobs"
	"suiftly/internal/pg"
	"suiftly/internal/web"
)

// Module is one room. Its name is its config key, its URL segment, its Postgres schema and its log label.
type Module interface {
	Name() string
	Routes(*web.Router)           // under /api/v1/<name>; each route says who may call it
	Jobs() []jobs.Job             // periodic work; once per due time, on any replica
	Health(context.Context) error // nil when the room can do its work; asked by /readyz
}

// Runner is a Module with work that lasts as long as the process: a log socket, a chain watch. Run returns when ctx ends;
// an earlier return stops the process.
type Runner interface{ Run(context.Context) error }

// Kit is what a room is handed at the door.
type Kit struct {
	DB  *sqlx.DB
	Log *slog.Logger
	Now func() time.Time
	// Metrics is where a room registers its own, with names that begin with suiftly_<room>_ and labels that are few: never a
	// customer, a path or an address. Nil where nothing is scraped: a command, a test.
	Metrics prometheus.Registerer
}

// Measure registers a room's metrics.
func (k Kit) Measure(metrics ...prometheus.Collector) {
	if k.Metrics != nil {
		k.Metrics.MustRegister(metrics...)
	}
}

// House is one replica, built and ready to open.
type House struct {
	Kit       Kit
	Web       *web.Server
	Jobs      *jobs.Scheduler
	Modules   []Module
	Listen    string
	DrainWait time.Duration
	// Migrations are the ones this binary was built with; a replica whose database lacks one is not ready.
	Migrations fs.FS
	// Lost reports the end of something everything stands on, the embedded Postgres; nil when there is none.
	Lost <-chan error
	// Opened, when set, is told the address once requests are answered.
	Opened func(address string)
}

const (
	finishWithin = 20 * time.Second // rules.md section 6: requests and jobs in flight
	// A busy replica is slow, not broken: taken out, it would leave its work to the others, who are as busy. Below the 5 s
	// within which a replica without its database must say so.
	healthWithin = 3 * time.Second
)

// Mount gives the rooms' routes to the web server.
func (h *House) Mount() {
	for _, m := range h.Modules {
		m.Routes(h.Web.Room(m.Name()))
	}
	h.Web.Ready = h.ready
}

func (h *House) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, healthWithin)
	defer cancel()
	pending, err := pg.Pending(ctx, h.Kit.DB, h.Migrations)
	if err != nil {
		return fmt.Errorf("database: %w", err)
	}
	if pending > 0 {
		return fmt.Errorf("database: %d migrations are not applied: suiftly migrate up", pending)
	}
	for _, m := range h.Modules {
		if err := m.Health(ctx); err != nil {
			return fmt.Errorf("%s: %w", m.Name(), err)
		}
	}
	return nil
}

// Run serves until ctx ends, SIGTERM or SIGINT comes, or a part stops by itself, and then drains:
//
//	SIGTERM -> /readyz 503 -> wait for the balancer to notice -> finish requests, logs and jobs -> return
//
// SIGINT (Ctrl-C) does not wait for a balancer. A second signal ends the process at once.
func (h *House) Run(ctx context.Context) error {
	listener, err := net.Listen("tcp", h.Listen)
	if err != nil {
		return fmt.Errorf("web.listen: %w", err)
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	defer signal.Stop(signals)

	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	broken := make(chan error, len(h.Modules)+2)
	var runners sync.WaitGroup
	for _, m := range h.Modules {
		if r, ok := m.(Runner); ok {
			runners.Go(func() {
				if err := r.Run(run); err != nil || run.Err() == nil {
					broken <- fmt.Errorf("%s stopped: %w", m.Name(), errors.Join(err, run.Err()))
				}
			})
		}
	}
	go func() {
		if err := h.Web.Serve(listener); err != nil {
			broken <- fmt.Errorf("serve: %w", err)
		}
	}()
	h.Jobs.Start(run)
	h.Kit.Log.Info("serving", "address", listener.Addr().String())
	if h.Opened != nil {
		h.Opened(listener.Addr().String())
	}

	var cause error
	wait := time.Duration(0)
	select {
	case s := <-signals:
		h.Kit.Log.Info("stopping", "signal", s.String())
		if s == syscall.SIGTERM {
			wait = h.DrainWait
		}
	case <-ctx.Done():
		h.Kit.Log.Info("stopping")
	case cause = <-broken:
	case err := <-h.Lost:
		cause = fmt.Errorf("the embedded database stopped: %w", err)
	}
	go func() {
		s := <-signals
		h.Kit.Log.Warn("stopping at once", "signal", s.String())
		os.Exit(1)
	}()
	h.Web.Drain()
	time.Sleep(wait)
	finish, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishWithin)
	defer cancel()
	// Requests first: they may still need everything else. Then the runners flush what they received, then the jobs.
	stopErr := h.Web.Shutdown(finish)
	stop()
	done := make(chan struct{})
	go func() { runners.Wait(); close(done) }()
	select {
	case <-done:
	case <-finish.Done():
		stopErr = errors.Join(stopErr, errors.New("a room did not finish in time"))
	}
	stopErr = errors.Join(stopErr, h.Jobs.Stop(finish))
	if stopErr != nil {
		h.Kit.Log.Error("stopping left work unfinished", "error", stopErr)
	}
	return errors.Join(cause, stopErr)
}
