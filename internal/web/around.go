package web

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"suiftly/internal/audit"
	"suiftly/internal/customer"
	"suiftly/internal/fault"
)

// Caller is where a request came from.
type Caller struct {
	IP        netip.Addr // of the client; X-Forwarded-For counts only when the peer is a trusted proxy
	UserAgent string     // at most 200 bytes
	RequestID string
}

// exchange is one request and its answer. It lives in the context, which must not outlive the handler.
type exchange struct {
	server   *Server
	fiber    *fiber.Ctx
	caller   Caller
	customer customer.ID
	agent    string // an edge agent's name
	encoding string // of a large body

	standings []standing // against rate limits
	limited   bool       // refused by one of them
}

type exchangeKey struct{}

func exchangeFrom(ctx context.Context) *exchange {
	e, ok := ctx.Value(exchangeKey{}).(*exchange)
	if !ok {
		panic("web: this context is not a request's")
	}
	return e
}

// CallerFrom gives where the request came from, or the zero Caller outside of a request.
func CallerFrom(ctx context.Context) Caller {
	if e, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		return e.caller
	}
	return Caller{}
}

// note remembers the customer for the request's log line.
func note(ctx context.Context, id customer.ID) { exchangeFrom(ctx).customer = id }

const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
	"manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// around is the outermost layer: request id, security headers, the log line, metrics, and the net under every panic.
func (s *Server) around(c *fiber.Ctx) (err error) {
	start := time.Now()
	e := &exchange{server: s, fiber: c, caller: s.caller(c)}
	c.SetUserContext(audit.WithRequest(context.WithValue(c.UserContext(), exchangeKey{}, e), e.caller.RequestID))
	c.Set("X-Request-Id", e.caller.RequestID)
	c.Set("Content-Security-Policy", contentSecurityPolicy)
	c.Set("X-Content-Type-Options", "nosniff")
	c.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	c.Set("Cross-Origin-Opener-Policy", "same-origin-allow-popups") // wallets sign in popups
	c.Set("Cross-Origin-Resource-Policy", "same-origin")
	c.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()")
	if s.secure {
		c.Set("Strict-Transport-Security", "max-age=31536000")
	}
	if strings.HasPrefix(c.Path(), "/api/") {
		c.Set(fiber.HeaderCacheControl, "no-store")
	}
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("panic in a handler", "request_id", e.caller.RequestID, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = s.writeError(c, fault.Of(fmt.Errorf("panic: %v", p)))
		}
		if s.isDraining() {
			c.Set(fiber.HeaderConnection, "close") // the balancer must not reuse a connection that is about to close
		}
		s.record(c, e, time.Since(start))
	}()
	if e.encoding = c.Get(fiber.HeaderContentEncoding); e.encoding != "" {
		// fiber would unpack the body by itself, however large it becomes.
		c.Request().Header.Del(fiber.HeaderContentEncoding)
		if s.large[strings.TrimSuffix(c.Path(), "/")] == 0 {
			return s.writeError(c, fiber.ErrUnsupportedMediaType)
		}
	}
	if err := c.Next(); err != nil {
		return s.writeError(c, err)
	}
	return nil
}

// record writes the request's log line and its metrics. Neither holds an address, a query or a token.
func (s *Server) record(c *fiber.Ctx, e *exchange, took time.Duration) {
	route := c.Route().Path
	if route == "/" { // the dashboard's and the fall-through handlers
		route = "other"
	}
	status := c.Response().StatusCode()
	s.metrics.requests.WithLabelValues(c.Method(), route, fmt.Sprintf("%dxx", status/100)).Observe(took.Seconds())
	if e.limited { // a flood must not become a flood of lines: Take logs its beginning
		return
	}
	if route == "/livez" || route == "/readyz" || route == "/health" || route == "/metrics" || route == "other" && status < 400 {
		return
	}
	who := slog.Int64("customer", int64(e.customer))
	if e.agent != "" {
		who = slog.String("agent", e.agent)
	}
	s.log.Info("request", "method", c.Method(), "route", route, "status", status, "took_ms", float64(took.Microseconds())/1000,
		who, "request_id", e.caller.RequestID)
}

func (s *Server) trusted(ip netip.Addr) bool {
	for _, p := range s.proxies {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

// caller reads where the request came from. Forwarded headers are believed hop by hop from the right, as far as the hops
// are trusted: a client can write anything to the left of that.
func (s *Server) caller(c *fiber.Ctx) Caller {
	ip, _ := netip.ParseAddr(c.Context().RemoteIP().String())
	ip = ip.Unmap()
	id := ""
	if s.trusted(ip) {
		id = c.Get("X-Request-Id")
		// A proxy may add its line below the client's: several lines are one list (RFC 9110 section 5.3).
		lines := c.Request().Header.PeekAll(fiber.HeaderXForwardedFor)
		hops := strings.Split(string(bytes.Join(lines, []byte(","))), ",")
		for i := len(hops) - 1; i >= 0 && s.trusted(ip); i-- {
			hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
			if err != nil {
				break
			}
			ip = hop.Unmap()
		}
	}
	if !plainID(id) {
		id = uuid.NewString()
	}
	agent := c.Get(fiber.HeaderUserAgent)
	return Caller{IP: ip, UserAgent: strings.ToValidUTF8(agent[:min(len(agent), 200)], ""), RequestID: id}
}

// plainID keeps what a proxy sends as request id from carrying anything else into logs.
func plainID(id string) bool {
	if len(id) < 8 || len(id) > 64 {
		return false
	}
	for _, b := range []byte(id) {
		if !(b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '-') {
			return false
		}
	}
	return true
}

var errCrossOrigin = fault.New(fault.Forbidden, "web.cross_origin", "This request came from another site and was refused.")

// sameOrigin refuses unsafe requests that another site made the browser send. Browsers always name the origin of an unsafe
// request; a client without an Origin is not a browser and holds no cookies it did not choose to send.
func (s *Server) sameOrigin(c *fiber.Ctx) error {
	switch c.Method() {
	case fiber.MethodGet, fiber.MethodHead, fiber.MethodOptions:
		return c.Next()
	}
	if site := c.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return s.writeError(c, errCrossOrigin)
	}
	if origin := c.Get(fiber.HeaderOrigin); origin != "" && origin != s.config.Origin() && !s.ownLoopback(origin, c.Get(fiber.HeaderHost)) {
		return s.writeError(c, errCrossOrigin)
	}
	return c.Next()
}

// ownLoopback allows localhost beside 127.0.0.1 where no public address is configured: same host and port as asked for.
func (s *Server) ownLoopback(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && s.config.PublicURL == "" && u.Scheme == "http" && u.Host == host && loopback(u.Hostname())
}
