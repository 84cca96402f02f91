package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"suiftly/internal/config"
	stage "suiftly/internal/demo"
	"suiftly/internal/edge"
	"suiftly/internal/money"
	"suiftly/modules/auth"
)

// haproxyConfig is the tested configuration of the edge, which the demo runs as it is.
//
//go:embed deploy/haproxy.cfg
var haproxyConfig []byte

const (
	pastHours = 24
	pastLines = 24_000
	retell    = 3 * time.Second // between two looks at the numbers, by the API and so within its limits
)

// demo plays a whole installation on loopback until Ctrl-C. What it starts is its own and goes away with it.
func demo(ctx context.Context, args []string, out io.Writer) error {
	var rate float64
	var port int
	var lasts time.Duration
	file, rest, err := flags("demo", args, out, func(f *flag.FlagSet) {
		f.Float64Var(&rate, "rate", 25, "`REQUESTS` a second from the demo's customers")
		f.IntVar(&port, "port", 8080, "the dashboard's `PORT`; a free one is taken when it is in use")
		f.DurationVar(&lasts, "for", 0, "stop after this `TIME`, such as 30s; 0 runs until Ctrl-C")
	})
	switch {
	case err != nil:
		return err
	case len(rest) > 0:
		return wrongUse{fmt.Errorf("unexpected argument %q", rest[0])}
	case file != "" || os.Getenv(config.Prefix+"DATABASE__URL") != "":
		return wrongUse{errors.New("the demo reads no configuration and touches no configured database: leave --config and " + config.Prefix + "DATABASE__URL away")}
	case rate <= 0 || rate > 1000:
		return wrongUse{fmt.Errorf("--rate %g is not between 0 and 1000", rate)}
	case port < 1 || port > 65535:
		return wrongUse{fmt.Errorf("--port %d is not a port", port)}
	case lasts < 0:
		return wrongUse{fmt.Errorf("--for %s is in the past", lasts)}
	}
	if _, err := stage.FindHAProxy(); err != nil { // before anything is started
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	dir, remove, err := stage.Folder()
	if err != nil {
		return err
	}
	p := &play{dir: dir, out: out, rate: rate, port: port, lasts: lasts}
	if err := p.run(ctx); err != nil {
		return fmt.Errorf("%w\nthe logs are kept in %s", err, dir)
	}
	return remove()
}

// play is one demo.
type play struct {
	dir   string // everything it writes
	out   io.Writer
	rate  float64
	port  int
	lasts time.Duration

	base, api string // http://host:port of the dashboard and of the API behind HAProxy
	replica   chan error
	haproxy   *stage.Child
	people    []*stage.Customer
	keys      []stage.Key
	began     time.Time
}

// run builds the stage from the back to the front, plays, and takes it down from the front to the back.
func (p *play) run(ctx context.Context) (err error) {
	keys, err := stage.StartBackend("seal")
	if err != nil {
		return err
	}
	defer keys.Stop()
	node, err := stage.StartBackend("grpc", "graphql")
	if err != nil {
		return err
	}
	defer node.Stop()
	s, err := p.settings()
	if err != nil {
		return err
	}
	stopReplica, err := p.open(ctx, s)
	if err != nil {
		return quiet(ctx, err)
	}
	defer func() { err = errors.Join(err, stopReplica()) }()
	if err := p.openEdge(ctx, s, keys, node); err != nil {
		return quiet(ctx, err)
	}
	defer p.haproxy.Stop(3 * time.Second)
	if p.people, p.keys, err = stage.People(ctx, p.base); err != nil {
		return quiet(ctx, err)
	}
	p.began = time.Now()
	past := stage.Past{From: p.began.Add(-pastHours * time.Hour), To: p.began, Lines: pastLines, Keys: p.keys, Seed: 1}
	if _, err := stage.Replay(ctx, s.Logs.Listen, past.All()); err != nil {
		return quiet(ctx, err)
	}
	if err := stage.Live(ctx, edge.New(s.Edge, slog.New(slog.DiscardHandler)), p.keys...); err != nil {
		return quiet(ctx, err)
	}
	p.tell()
	return p.watch(ctx)
}

// quiet is err, unless somebody ended the demo while it was still starting.
func quiet(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// settings are the demo's own: no file and no environment has a say.
func (p *play) settings() (settings, error) {
	s := defaults()
	s.Web.Listen = net.JoinHostPort("127.0.0.1", strconv.Itoa(p.port))
	if !stage.Free(s.Web.Listen) {
		free, err := stage.FreeAddress()
		if err != nil {
			return s, err
		}
		fmt.Fprintf(p.out, "Port %d is in use; the dashboard takes another one.\n", p.port)
		s.Web.Listen = free
	}
	var err error
	if s.Logs.Listen, err = stage.FreeAddress(); err != nil {
		return s, err
	}
	s.Database.DataDir = filepath.Join(p.dir, "database")
	s.Web.DrainWait = 0
	s.Auth.Network = "localnet"
	// Everybody in a demo, browser tests included, comes from one address.
	s.Auth.Limits = auth.Limits{ChallengesPerMinute: 1000, ChallengesAddressPerMinute: 1000, VerifiesPerMinute: 1000}
	s.Web.Limits.AnonymousPerMinute, s.Web.Limits.APIPerMinute = 10_000, 10_000
	s.Wallet.WelcomeCreditUSD = 25 * money.Dollar
	s.Logs.BatchMs, s.Logs.SpoolDir, s.Logs.SpoolMB = 200, filepath.Join(p.dir, "spool"), 256
	api, err := stage.FreeAddress()
	if err != nil {
		return s, err
	}
	p.api = "http://" + api
	s.Edge = edge.Config{HAProxySocket: filepath.Join(p.dir, "haproxy.sock"), MapDir: filepath.Join(p.dir, "maps"), PublicURL: p.api}
	if err := s.validate(); err != nil {
		return s, err
	}
	// Shorter than a configuration may say: charges are to move while one looks.
	s.Billing.Every = 10 * time.Second
	return s, nil
}

// open starts the replica in this process and waits until it answers.
func (p *play) open(ctx context.Context, s settings) (stop func() error, err error) {
	file, err := os.OpenFile(filepath.Join(p.dir, "suiftly.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the demo's log: %w", err)
	}
	wallet, err := fs.ReadFile(devWallet, "ui/dist-dev-wallet/dev-wallet.js")
	if err == nil {
		_, err = fs.Stat(dist, "ui/dist/index.html")
	}
	if err != nil {
		fmt.Fprintln(p.out, "The dashboard is not built into this binary, only the API is there: `make build` builds both.")
		wallet = nil
	}
	replicaCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	opened := make(chan string, 1)
	p.replica = make(chan error, 1)
	go func() {
		p.replica <- openHouse(replicaCtx, s, s.Log.logger(file), replica{devWallet: wallet, opened: func(a string) { opened <- a }})
		close(p.replica)
	}()
	stop = func() error {
		cancel()
		err := <-p.replica
		return errors.Join(err, file.Close())
	}
	select {
	case address := <-opened:
		p.base = "http://" + address
		return stop, nil
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), stop())
	case err := <-p.replica:
		return nil, errors.Join(err, stop())
	}
}

// openEdge starts HAProxy before the replica and the two backends.
func (p *play) openEdge(ctx context.Context, s settings, keys, node *stage.Backend) error {
	if err := os.Mkdir(s.Edge.MapDir, 0o755); err != nil {
		return fmt.Errorf("haproxy's maps: %w", err)
	}
	// HAProxy does not start without the file; the replica fills it.
	if err := os.WriteFile(filepath.Join(s.Edge.MapDir, "keys.map"), nil, 0o644); err != nil {
		return fmt.Errorf("haproxy's maps: %w", err)
	}
	file := filepath.Join(p.dir, "haproxy.cfg")
	if err := os.WriteFile(file, haproxyConfig, 0o644); err != nil {
		return fmt.Errorf("haproxy's configuration: %w", err)
	}
	log, err := os.OpenFile(filepath.Join(p.dir, "haproxy.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("haproxy's log: %w", err)
	}
	defer log.Close() // the child has its own
	api := strings.TrimPrefix(p.api, "http://")
	dashboard, err := stage.FreeAddress()
	if err != nil {
		return err
	}
	p.api = "http://" + api
	p.haproxy, err = stage.StartHAProxy(ctx, file, []string{
		"EDGE_API_BIND=" + api, "EDGE_DASHBOARD_BIND=" + dashboard,
		"EDGE_SOCKET=" + s.Edge.HAProxySocket, "EDGE_MAP_DIR=" + s.Edge.MapDir,
		"EDGE_LOG_1=" + s.Logs.Listen, "EDGE_REPLICA_1=" + s.Web.Listen,
		"EDGE_ORIGIN_SEAL=" + keys.Address(), "EDGE_ORIGIN_GRPC=" + node.Address(), "EDGE_ORIGIN_GRAPHQL=" + node.Address(),
	}, log, api, dashboard)
	return err
}

// tell prints what one needs to know.
func (p *play) tell() {
	fmt.Fprintf(p.out, `
Suiftly demo: real HAProxy, real Postgres, play money.

  Dashboard  %s
  Sign in    "Suiftly Dev Wallet": its accounts 1 and 2 are the customers whose traffic runs here
  API        curl -H 'X-API-Key: %s' '%s/v1/service'
  Logs       %s

Ctrl-C stops everything and removes %s.

`, p.base, p.keys[0].Key, p.api, filepath.Join(p.dir, "*.log"), p.dir)
}

// watch keeps the traffic up and tells the numbers until the demo ends.
func (p *play) watch(ctx context.Context) error {
	if p.lasts > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, p.lasts)
		defer cancel()
	}
	ctx, stop := context.WithCancel(ctx)
	traffic := &stage.Traffic{Base: p.api, Keys: p.keys, Rate: p.rate}
	done := make(chan struct{})
	go func() { traffic.Run(ctx); close(done) }()
	defer func() { stop(); <-done }()

	live := terminal(p.out)
	line := ""
	tick := time.NewTicker(retell)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			fmt.Fprintln(p.out, strings.TrimPrefix(line, "\r"))
			return nil
		case err := <-p.replica:
			if ctx.Err() != nil { // Ctrl-C reaches the replica as well
				err = nil
			}
			return err
		case <-p.haproxy.Gone():
			return errors.New("haproxy ended by itself")
		case <-tick.C:
		}
		n, err := stage.Count(ctx, p.people, p.began.Add(-pastHours*time.Hour))
		if err != nil {
			slog.Debug("count", "error", err)
			continue
		}
		line = fmt.Sprintf("\r%d requests sent now, %d stored with the day before, $%s charged", traffic.Sent(), n.Stored, n.Charged)
		if live {
			fmt.Fprint(p.out, line)
		}
	}
}

func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	st, err := f.Stat()
	return err == nil && st.Mode()&os.ModeCharDevice != 0
}
