package web

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"suiftly/internal/customer"
	"suiftly/internal/fault"
)

// Limits is the web.limits part of config.yaml.
type Limits struct {
	APIPerMinute       int `koanf:"api_per_minute"`
	AnonymousPerMinute int `koanf:"anonymous_per_minute"`
	MoneyPerHour       int `koanf:"money_per_hour"`
}

// DefaultLimits are those of the product's rules.
func DefaultLimits() Limits {
	return Limits{APIPerMinute: 300, AnonymousPerMinute: 100, MoneyPerHour: 30}
}

// Limit is how often one caller may do one thing, on all replicas together.
type Limit struct {
	Name   string // in the RateLimit headers: letters, digits and -
	Quota  int
	Window time.Duration
	// Rough counts in memory and asks the database only about busy callers, once in many requests. Replicas that a caller
	// hardly uses may then each grant a thirtieth more. Without it every request of a caller within the quota is one statement;
	// those beyond it cost none.
	Rough bool
}

// ErrTooMany refuses a caller who is beyond a limit.
var ErrTooMany = fault.New(fault.TooMany, "web.too_many_requests", "Too many requests. Wait a moment, then try again.")

// standing is where a caller stands after a request.
type standing struct {
	limit Limit
	left  int
	reset time.Duration // until more is left
	wait  time.Duration // not zero: refused, and for how long
}

// limiter counts callers. A flood of refused requests touches nothing but its map.
type limiter struct {
	db  *sqlx.DB
	now func() time.Time

	mu    sync.Mutex
	takes map[string]*take // by limit and caller
}

// take is what one caller took of one limit, as far as this replica knows.
type take struct {
	mu      sync.Mutex
	started time.Time // of the window that free counts in
	free    int       // Rough: granted here without telling the database
	told    bool      // Rough: the database knows of free
	asked   time.Time // Rough: when the database was asked last
	lease   int       // Rough: granted by the database, not used yet
	until   time.Time // when the lease ends
	refused time.Time // nothing is granted before
	left    int       // by the database's last word
	warned  time.Time
}

// maxTakes bounds the map: an attacker with many networks must not fill the memory.
const maxTakes = 50_000

// part is how much of a quota Rough grants at a time.
const part = 30

func newLimiter(db *sqlx.DB, now func() time.Time) *limiter {
	return &limiter{db: db, now: now, takes: map[string]*take{}}
}

// take counts one request of who against the limit. first says that a refusal is news worth a log line.
func (l *limiter) take(ctx context.Context, limit Limit, who string) (s standing, first bool, err error) {
	now, key := l.now(), limit.Name+"/"+who
	t := l.find(key, now)
	t.mu.Lock() // also while the database is asked: of a burst one request asks, the others wait for its answer
	defer t.mu.Unlock()
	s = standing{limit: limit, reset: limit.Window}
	if now.Before(t.refused) {
		s.wait, s.reset = t.refused.Sub(now), t.refused.Sub(now)
		return s, false, nil
	}
	want, share := 1, max(1, limit.Quota/part)
	if limit.Rough {
		if now.Sub(t.started) >= limit.Window && now.Sub(t.asked) >= limit.Window { // a caller who is busy has no free part again
			t.started, t.free, t.told = now, 0, false
		}
		switch {
		case t.lease > 0 && now.Before(t.until):
			t.lease--
			s.left = t.left + t.lease
			return s, false, nil
		case t.free < share:
			t.free++
			s.left, s.reset = limit.Quota-t.free, t.started.Add(limit.Window).Sub(now)
			return s, false, nil
		}
		want, t.asked = share, now
		if !t.told {
			want += t.free
		}
	}
	granted, left, next, err := l.ask(ctx, limit, key, want, now)
	if err != nil {
		if limit.Rough { // whatever needs the database fails by itself; what does not should go on
			return s, false, nil
		}
		return s, false, err
	}
	if limit.Rough && !t.told {
		granted, t.told = granted-t.free, true
	}
	t.left, s.left, s.reset = left, left, next
	if granted <= 0 {
		t.refused = now.Add(next)
		s.left, s.wait = 0, next
		first = now.Sub(t.warned) >= limit.Window
		if first {
			t.warned = now
		}
		return s, first, nil
	}
	t.lease, t.until = granted-1, now.Add(limit.Window)
	s.left += t.lease
	return s, false, nil
}

func (l *limiter) find(key string, now time.Time) *take {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t := l.takes[key]; t != nil {
		return t
	}
	if len(l.takes) >= maxTakes {
		// Whoever is refused now stays known; the others begin afresh here, and the database still knows the busy ones.
		for k, t := range l.takes {
			if t.mu.TryLock() {
				if !now.Before(t.refused) {
					delete(l.takes, k)
				}
				t.mu.Unlock()
			}
		}
		if len(l.takes) >= maxTakes {
			clear(l.takes)
		}
	}
	t := &take{started: now}
	l.takes[key] = t
	return t
}

//go:embed sql/take_limit.sql
var takeLimitSQL string

type taken struct {
	Granted int           `db:"granted"`
	At      pq.Int64Array `db:"taken_us"`
	Units   pq.Int64Array `db:"units"`
}

// ask takes up to want from the database: how many it granted, how many are left, and when more will be.
func (l *limiter) ask(ctx context.Context, limit Limit, key string, want int, now time.Time) (granted, left int, next time.Duration, err error) {
	hash := sha256.Sum256([]byte(key)) // the table must not be a list of addresses
	var t taken
	if err := l.db.GetContext(ctx, &t, takeLimitSQL, hash[:], now.UnixMicro(), want, limit.Quota, limit.Window.Microseconds(), now.Add(limit.Window)); err != nil {
		return 0, 0, 0, fmt.Errorf("count against limit %s: %w", limit.Name, err)
	}
	left, next = limit.Quota, limit.Window
	for i, at := range t.At {
		left -= int(t.Units[i])
		next = min(next, time.UnixMicro(at).Add(limit.Window).Sub(now))
	}
	return t.Granted, max(0, left), max(next, time.Millisecond), nil
}

// SweepLimits forgets who took nothing lately.
func (s *Server) SweepLimits(ctx context.Context, due time.Time) error {
	if _, err := s.db.ExecContext(ctx, `delete from ops.rate_limits where forget_at < $1`, due); err != nil {
		return fmt.Errorf("forget rate limits: %w", err)
	}
	return nil
}

// Take counts this request of who (a name within the limit: an address, a customer) against the limit; ErrTooMany when it is
// beyond.
func Take(ctx context.Context, limit Limit, who string) error {
	e := exchangeFrom(ctx)
	s, first, err := e.server.limiter.take(ctx, limit, who)
	if err != nil {
		return err
	}
	e.standings = append(e.standings, s)
	e.showStandings()
	if s.wait == 0 {
		return nil
	}
	e.limited = true
	if first {
		e.server.log.Warn("a caller is beyond a rate limit", "limit", limit.Name, "network", Network(e.caller.IP), "customer", int64(e.customer), "request_id", e.caller.RequestID)
	}
	return ErrTooMany.Retry(s.wait).Say("Too many requests. Try again in %s.", inWords(s.wait))
}

func inWords(wait time.Duration) string {
	seconds := int((wait + time.Second - 1) / time.Second)
	switch {
	case seconds == 1:
		return "a second"
	case seconds < 120:
		return strconv.Itoa(seconds) + " seconds"
	}
	return strconv.Itoa((seconds+59)/60) + " minutes"
}

// showStandings writes RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-10).
func (e *exchange) showStandings() {
	policies, now := make([]string, len(e.standings)), make([]string, len(e.standings))
	for i, s := range e.standings {
		policies[i] = fmt.Sprintf(`"%s";q=%d;w=%d`, s.limit.Name, s.limit.Quota, int(s.limit.Window.Seconds()))
		now[i] = fmt.Sprintf(`"%s";r=%d;t=%d`, s.limit.Name, s.left, int((s.reset+time.Second-1)/time.Second))
	}
	e.fiber.Set("RateLimit-Policy", strings.Join(policies, ", "))
	e.fiber.Set("RateLimit", strings.Join(now, ", "))
}

// PerIP limits a route by where its callers are.
func PerIP(limit Limit) Option { return func(r *route) { r.limits = append(r.limits, limit) } }

// callerKey is who an address belongs to: one customer of an IPv6 provider has at least a /64.
func callerKey(ip netip.Addr) string {
	if ip.Is6() && !ip.Is4In6() {
		p, _ := ip.WithZone("").Prefix(64) // 64 is always a length of IPv6
		return p.String()
	}
	return ip.Unmap().String()
}

// Network keeps of an address what tells one network from another: /24 of IPv4, /48 of IPv6. Logs and sessions hold no more.
func Network(ip netip.Addr) string {
	bits := 48
	if ip = ip.Unmap(); ip.Is4() {
		bits = 24
	}
	p, err := ip.WithZone("").Prefix(bits)
	if err != nil || !p.IsValid() {
		return ""
	}
	return p.String()
}

// admitted counts a request before anything is done for it. who is zero for strangers, and for those whose session is over.
func (s *Server) admitted(ctx context.Context, who customer.ID, rt route) error {
	caller := callerKey(exchangeFrom(ctx).caller.IP)
	if who == 0 {
		if err := Take(ctx, s.anonymous, caller); err != nil {
			return err
		}
	} else if err := Take(ctx, s.perCustomer, strconv.FormatInt(int64(who), 10)); err != nil {
		return err
	}
	for _, limit := range rt.limits {
		if err := Take(ctx, limit, caller); err != nil {
			return err
		}
	}
	if rt.needKey {
		return Take(ctx, s.money, strconv.FormatInt(int64(who), 10))
	}
	return nil
}
