// Package web is the HTTP pipe, and the only importer of fiber and huma: routes with declared access, problems, sessions,
// idempotency, security headers and the dashboard's files.
package web

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"
	"github.com/jmoiron/sqlx"

	"suiftly/internal/customer"
	"suiftly/internal/money"
)

// Config is the web section of config.yaml.
type Config struct {
	Listen          string        `koanf:"listen"`
	PublicURL       string        `koanf:"public_url"`
	TrustedProxies  []string      `koanf:"trusted_proxies"`
	BodyLimitBytes  int           `koanf:"body_limit_bytes"`
	RequestDeadline time.Duration `koanf:"request_deadline"`
	DrainWait       time.Duration `koanf:"drain_wait"`
	Limits          Limits        `koanf:"limits"`
}

// DefaultConfig serves on loopback only.
func DefaultConfig() Config {
	return Config{
		Listen:          "127.0.0.1:8080",
		TrustedProxies:  []string{"127.0.0.1", "::1"},
		BodyLimitBytes:  256 << 10,
		RequestDeadline: 10 * time.Second,
		DrainWait:       6 * time.Second,
		Limits:          DefaultLimits(),
	}
}

// Validate gives every problem of the section.
func (c Config) Validate() (problems []error) {
	bad := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	addr, err := net.ResolveTCPAddr("tcp", c.Listen)
	if err != nil {
		bad("web.listen: %q is not host:port (for example 127.0.0.1:8080)", c.Listen)
	} else if c.PublicURL == "" && !addr.IP.IsLoopback() {
		bad("web.public_url: required when web.listen (%s) is not loopback: the https:// address customers type", c.Listen)
	}
	if c.PublicURL != "" {
		u, err := url.Parse(c.PublicURL)
		switch {
		case err != nil || u.Host == "" || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
			bad("web.public_url: %q is not an origin such as https://dash.example.com", c.PublicURL)
		case u.Scheme == "http" && !loopback(u.Hostname()):
			bad("web.public_url: %q: plain http is for loopback only; session cookies need https", c.PublicURL)
		case u.Scheme != "http" && u.Scheme != "https":
			bad("web.public_url: %q: the scheme is https (http on loopback)", c.PublicURL)
		}
	}
	if _, err := prefixes(c.TrustedProxies); err != nil {
		bad("web.trusted_proxies: %w", err)
	}
	if c.BodyLimitBytes < 1<<10 || c.BodyLimitBytes > 64<<20 {
		bad("web.body_limit_bytes: %d is not between 1024 and 67108864", c.BodyLimitBytes)
	}
	if c.RequestDeadline < time.Second || c.RequestDeadline > 5*time.Minute {
		bad("web.request_deadline: %s is not between 1s and 5m", c.RequestDeadline)
	}
	if c.DrainWait < 0 || c.DrainWait > 15*time.Second {
		bad("web.drain_wait: %s is not between 0s and 15s", c.DrainWait)
	}
	for _, limit := range []struct {
		key   string
		value int
	}{{"api_per_minute", c.Limits.APIPerMinute}, {"anonymous_per_minute", c.Limits.AnonymousPerMinute}, {"money_per_hour", c.Limits.MoneyPerHour}} {
		if limit.value < 1 || limit.value > 1_000_000 {
			bad("web.limits.%s: %d is not between 1 and 1000000", limit.key, limit.value)
		}
	}
	return problems
}

// Origin is scheme://host[:port] of the dashboard as the browser sees it.
func (c Config) Origin() string {
	if c.PublicURL != "" {
		return strings.TrimSuffix(c.PublicURL, "/")
	}
	return "http://" + c.Listen
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || err == nil && ip.IsLoopback()
}

func prefixes(list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, s := range list {
		if ip, err := netip.ParseAddr(s); err == nil {
			out = append(out, netip.PrefixFrom(ip, ip.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, fmt.Errorf("%q is neither an address nor a CIDR range", s)
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

// Server is the HTTP side of one replica.
type Server struct {
	// Authenticate turns an access token into who is asking. An error that is a fault answers the request; main.go
	// sets this to the auth room's check.
	Authenticate func(ctx context.Context, accessToken string) (customer.Identity, error)
	// Agent tells the name of the edge agent that a token belongs to; main.go sets it from edge.agents.
	Agent func(token string) (name string, ok bool)
	// Ready is asked by /readyz and /health.
	Ready func(ctx context.Context) error

	app      *fiber.App
	api      huma.API
	db       *sqlx.DB
	log      *slog.Logger
	now      func() time.Time
	config   Config
	secure   bool // cookies: __Host- and Secure
	proxies  []netip.Prefix
	metrics  *metrics
	draining chan struct{} // closed by Drain
	drain    sync.Once
	access   map[string]Access // operation id -> who may call it
	large    map[string]int    // path -> the largest body, where it is more than web.body_limit_bytes

	limiter                       *limiter
	anonymous, perCustomer, money Limit
}

// New builds the server; rooms then add their routes through Room, and Finish closes the list.
func New(c Config, db *sqlx.DB, log *slog.Logger, now func() time.Time, version string) *Server {
	s := &Server{
		db: db, log: log, now: now, config: c,
		secure:  strings.HasPrefix(c.Origin(), "https://"),
		metrics: newMetrics(),
		access:  map[string]Access{},
		large:   map[string]int{},

		draining: make(chan struct{}),

		limiter:     newLimiter(db, now),
		anonymous:   Limit{Name: "anonymous", Quota: c.Limits.AnonymousPerMinute, Window: time.Minute, Rough: true},
		perCustomer: Limit{Name: "api", Quota: c.Limits.APIPerMinute, Window: time.Minute, Rough: true},
		money:       Limit{Name: "money", Quota: c.Limits.MoneyPerHour, Window: time.Hour},
		Authenticate: func(context.Context, string) (customer.Identity, error) {
			return customer.Identity{}, ErrSignInNeeded
		},
		Agent: func(string) (string, bool) { return "", false },
		Ready: func(context.Context) error { return nil },
	}
	s.proxies, _ = prefixes(c.TrustedProxies) // checked by Validate
	s.app = fiber.New(fiber.Config{
		AppName:               "suiftly",
		DisableStartupMessage: true,
		// humafiber hands out fiber's strings as they are; without Immutable a string kept after the handler would
		// be overwritten by the next request.
		Immutable:         true,
		BodyLimit:         c.BodyLimitBytes,
		ReadBufferSize:    16 << 10, // the largest request head
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       75 * time.Second,
		ErrorHandler:      s.writeError,
		StrictRouting:     false,
		ProxyHeader:       "", // the caller's address is ours to decide: see caller
		ServerHeader:      "",
		JSONEncoder:       nil,
		StreamRequestBody: false,
	})
	s.app.Server().HeaderReceived = s.received
	s.app.Use(s.around)
	s.app.Use(s.sameOrigin)

	hc := huma.DefaultConfig("Suiftly API", version)
	hc.OpenAPIPath, hc.DocsPath, hc.SchemasPath = "/api/openapi", "", ""
	hc.CreateHooks = nil // no $schema property in bodies
	hc.RejectUnknownQueryParameters = true
	hc.Info.Description = "Money is a decimal string of US dollars with six decimals (field names end in _usd); times are RFC 3339 in UTC. Errors are application/problem+json (RFC 9457) with a stable code."
	hc.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session": {Type: "apiKey", In: "cookie", Name: s.cookieName(accessCookie), Description: "Set by auth-verify; HttpOnly."},
		"edge":    {Type: "http", Scheme: "bearer", Description: "The token of an edge agent listed in edge.agents."},
	}
	hc.Components.Schemas.RegisterTypeAlias(reflect.TypeFor[money.Micros](), reflect.TypeFor[usd]())
	s.api = humafiber.New(s.app, hc)
	return s
}

// usd is how the API shows money.Micros.
type usd string

// Schema is the contract of an amount of money on the wire.
func (usd) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, Pattern: `^-?[0-9]{1,13}(\.[0-9]{1,6})?$`,
		Description: "US dollars as a decimal string; answers always carry six decimals.", Examples: []any{"12.340000"},
	}
}

// Finish adds what stands beside the rooms' routes: health, metrics, the dashboard and the answer to everything else.
func (s *Server) Finish(dist fs.FS, devWallet []byte) error {
	s.app.Get("/livez", func(c *fiber.Ctx) error { return c.SendString("ok\n") })
	s.app.Get("/readyz", s.readyz)
	s.app.Get("/health", s.readyz)
	s.app.Get("/metrics", s.serveMetrics)
	s.app.Use("/api", s.noRoute)
	return s.dashboard(dist, devWallet)
}

// OpenAPI gives the API's description as indented JSON, the same on every call.
func (s *Server) OpenAPI() ([]byte, error) { return indented(s.api.OpenAPI()) }

// Serve answers on the listener until Shutdown.
func (s *Server) Serve(l net.Listener) error { return s.app.Listener(lingering{l}) }

// Drain makes /readyz answer 503 and asks keep-alive clients to go, so that the balancer sends new work elsewhere.
// Endless streams end.
func (s *Server) Drain() { s.drain.Do(func() { close(s.draining) }) }

func (s *Server) isDraining() bool {
	select {
	case <-s.draining:
		return true
	default:
		return false
	}
}

// Draining ends when the replica is told to stop: whoever waits for news in a request answers then with what there is.
func Draining(ctx context.Context) <-chan struct{} { return exchangeFrom(ctx).server.draining }

// Shutdown waits for running requests, at most until ctx ends.
func (s *Server) Shutdown(ctx context.Context) error {
	if err := s.app.ShutdownWithContext(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("finish running requests: %w", err)
	}
	return nil
}

func (s *Server) readyz(c *fiber.Ctx) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	if s.isDraining() {
		return c.Status(fiber.StatusServiceUnavailable).SendString("draining\n")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Second)
	defer cancel()
	if err := s.Ready(ctx); err != nil {
		s.log.Warn("not ready", "error", err)
		return c.Status(fiber.StatusServiceUnavailable).SendString("not ready\n")
	}
	return c.SendString("ok\n")
}
