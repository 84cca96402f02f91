package web_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"suiftly/internal/web"
)

func TestLimits(t *testing.T) {
	t.Parallel()
	h := setup(t, func(c *web.Config) {
		c.Limits = web.Limits{APIPerMinute: 20, AnonymousPerMinute: 10, MoneyPerHour: 3}
		c.TrustedProxies = []string{"127.0.0.1"}
	})
	from := func(ip string) string { return "X-Forwarded-For: " + ip }
	count := func(t *testing.T, n int, path string, headers ...string) (passed int, last answer) {
		t.Helper()
		for range n {
			if last = h.do(t, "GET", "/api/v1/room/"+path, "", headers...); last.StatusCode != 429 {
				passed++
			}
		}
		return passed, last
	}
	t.Run("a stranger beyond the limit is told when to come back", func(t *testing.T) {
		passed, last := count(t, 13, "anyone", from("203.0.113.1"))
		wait, err := strconv.Atoi(last.Header.Get("Retry-After"))
		if passed != 10 || last.StatusCode != 429 || last.Code != "web.too_many_requests" || err != nil || wait < 1 || wait > 60 || !strings.Contains(last.Detail, "Try again in ") {
			t.Errorf("%d passed, then %d %s, %q %v", passed, last.StatusCode, last.text, last.Header.Get("Retry-After"), err)
		}
		if p := last.Header.Get("RateLimit-Policy"); p != `"anonymous";q=10;w=60` || last.Header.Get("RateLimit") != fmt.Sprintf(`"anonymous";r=0;t=%d`, wait) {
			t.Errorf("%s %s", p, last.Header.Get("RateLimit"))
		}
	})
	t.Run("answers within the limit say what is left", func(t *testing.T) {
		if a := h.do(t, "GET", "/api/v1/room/anyone", "", from("203.0.113.2")); a.Header.Get("RateLimit") != `"anonymous";r=9;t=60` {
			t.Errorf("got %q", a.Header.Get("RateLimit"))
		}
	})
	t.Run("a /64 of IPv6 is one caller, its neighbour is another", func(t *testing.T) {
		passed := 0
		for i := range 15 {
			if a := h.do(t, "GET", "/api/v1/room/anyone", "", from(fmt.Sprintf("2001:db8::%x", i+1))); a.StatusCode == 204 {
				passed++
			}
		}
		if a := h.do(t, "GET", "/api/v1/room/anyone", "", from("2001:db8:0:1::1")); passed != 10 || a.StatusCode != 204 {
			t.Errorf("%d passed, the neighbour got %d", passed, a.StatusCode)
		}
	})
	t.Run("who tries sessions that are none is a stranger", func(t *testing.T) {
		if passed, last := count(t, 12, "customer", from("203.0.113.3"), "Cookie: suiftly-access=guess"); passed != 10 || last.StatusCode != 429 {
			t.Errorf("%d passed, then %d", passed, last.StatusCode)
		}
	})
	t.Run("a customer counts as such, from wherever, also beside an abuser", func(t *testing.T) {
		if passed, _ := count(t, 12, "customer", from("203.0.113.3"), as(1001)); passed != 12 {
			t.Errorf("%d passed", passed)
		}
		passed, last := count(t, 12, "active", from("203.0.113.4"), as(1001))
		if passed != 8 || !strings.Contains(last.Header.Get("RateLimit-Policy"), `"api";q=20;w=60`) {
			t.Errorf("%d passed, %v", passed, last.Header)
		}
		if a := h.do(t, "GET", "/api/v1/room/customer", "", as(1002)); a.StatusCode != 204 {
			t.Errorf("another customer: %d", a.StatusCode)
		}
	})
	t.Run("money has its own, narrower limit", func(t *testing.T) {
		var codes []int
		var last answer
		for i := range 4 {
			last = h.do(t, "POST", "/api/v1/room/money", `{"amount_usd":"1","name":"ab"}`, as(1003), fmt.Sprintf("Idempotency-Key: money-%06d", i))
			codes = append(codes, last.StatusCode)
		}
		if fmt.Sprint(codes) != "[200 200 200 429]" || !strings.Contains(last.Header.Get("RateLimit-Policy"), `"money";q=3;w=3600`) || !strings.Contains(last.Detail, "minutes") {
			t.Errorf("got %v, %s, %s", codes, last.text, last.Header.Get("RateLimit-Policy"))
		}
	})
	t.Run("a flood leaves one line, without the caller's address", func(t *testing.T) {
		logs := h.logged()
		if n := strings.Count(logs, "network=203.0.113.0/24 customer=0"); n != 2 || strings.Contains(logs, "203.0.113.1 ") || strings.Contains(logs, "status=429") {
			t.Errorf("%d lines in:\n%s", n, logs)
		}
	})
}

func TestForwardedInTwoLines(t *testing.T) {
	t.Parallel()
	h := setup(t, func(c *web.Config) { c.TrustedProxies = []string{"127.0.0.1"} })
	// A proxy that adds a line below the client's own: the last word is the proxy's.
	a := h.do(t, "GET", "/api/v1/room/caller", "", "X-Forwarded-For: 6.6.6.6", "X-Forwarded-For: 203.0.113.9")
	if strings.TrimSpace(a.text) != `"203.0.113.9"` {
		t.Errorf("the client's own line was believed: %s", a.text)
	}
}
