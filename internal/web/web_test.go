package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"suiftly/internal/customer"
	"suiftly/internal/fault"
	"suiftly/internal/money"
	"suiftly/internal/pgtest"
	"suiftly/internal/web"
)

type house struct {
	*web.Server
	url  string
	logs *bytes.Buffer
	mu   sync.Mutex // of logs
	// done counts how often the room's mutation ran; release lets slow ones go on.
	done    atomic.Int64
	release chan struct{}
}

type roomIn struct {
	Body struct {
		Amount money.Micros `json:"amount_usd"`
		Name   string       `json:"name" minLength:"2"`
	}
}
type roomOut struct{ Body roomBody }
type roomBody struct {
	Amount money.Micros `json:"amount_usd"`
	N      int64        `json:"n"`
}

var errFull = fault.New(fault.Conflict, "room.full", "The room is full.")

// setup serves a small room on loopback. The access token is the customer's number; 7 is an operator, 8 is suspended.
func setup(t *testing.T, change func(*web.Config), more ...func(*house)) *house {
	t.Helper()
	c := web.DefaultConfig()
	c.Listen = "127.0.0.1:8080"
	if change != nil {
		change(&c)
	}
	h := &house{logs: &bytes.Buffer{}, release: make(chan struct{})}
	log := slog.New(slog.NewTextHandler(writerFunc(func(p []byte) (int, error) {
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.logs.Write(p)
	}), nil))
	h.Server = web.New(c, pgtest.DB(t), log, time.Now, "test")
	h.Authenticate = func(_ context.Context, token string) (customer.Identity, error) {
		var id customer.ID
		if _, err := fmt.Sscanf(token, "token-%d", &id); err != nil {
			return customer.Identity{}, web.ErrSignInNeeded
		}
		return customer.Identity{ID: id, Operator: id == 7, Suspended: id == 8}, nil
	}
	for _, add := range more {
		add(h)
	}
	r := h.Room("room")
	none := func(context.Context, *struct{}) (*struct{}, error) { return nil, nil }
	web.Get(r, "/anyone", "anyone", web.Anyone, "-", none)
	web.Get(r, "/customer", "customer", web.Customer, "-", none)
	web.Get(r, "/active", "active", web.Active, "-", none)
	web.Get(r, "/operator", "operator", web.Operator, "-", none)
	web.Get(r, "/fails", "fails", web.Anyone, "-", func(context.Context, *struct{}) (*struct{}, error) {
		return nil, errors.New("pq: relation secret_table is on fire")
	})
	web.Get(r, "/panics", "panics", web.Anyone, "-", func(context.Context, *struct{}) (*struct{}, error) { panic("hunter2") })
	web.Get(r, "/slow", "slow", web.Anyone, "-", func(ctx context.Context, _ *struct{}) (*struct{}, error) {
		<-ctx.Done()
		return nil, fmt.Errorf("wait: %w", ctx.Err())
	})
	web.Get(r, "/caller", "caller", web.Anyone, "-", func(ctx context.Context, _ *struct{}) (*struct{ Body string }, error) {
		return &struct{ Body string }{web.CallerFrom(ctx).IP.String()}, nil
	})
	web.Post(r, "/session", "session", web.Anyone, "-", func(ctx context.Context, _ *struct{}) (*struct{}, error) {
		web.SetSession(ctx, web.Session{Access: "a", Refresh: "r", AccessExpires: time.Now().Add(time.Hour), RefreshExpires: time.Now().Add(time.Hour)})
		return nil, nil
	})
	change1 := func(ctx context.Context, in *roomIn) (*roomOut, error) {
		if in.Body.Name == "full" {
			return nil, errFull
		}
		if in.Body.Name == "wait" {
			<-h.release
		}
		if in.Body.Name == "down" {
			return nil, errors.New("cannot now")
		}
		return &roomOut{roomBody{in.Body.Amount, h.done.Add(1)}}, nil
	}
	web.Post(r, "/things", "add-thing", web.Customer, "-", change1, web.Status(201))
	web.Post(r, "/money", "move-money", web.Customer, "-", change1, web.Money())
	web.Post(r, "/secret", "make-secret", web.Customer, "-", change1, web.Secret())
	dist := fstest.MapFS{
		"index.html":            {Data: []byte("<html><head></head><body>app</body></html>")},
		"assets/app-1a2b.js":    {Data: []byte("let a")},
		"assets/app-1a2b.js.br": {Data: []byte("BR")},
		"assets/app-1a2b.js.gz": {Data: []byte("GZ")},
		"theme.js":              {Data: []byte("theme")},
		".vite/manifest.json":   {Data: []byte("{}")},
		".gitkeep":              {},
	}
	if err := h.Finish(dist, nil); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.url = "http://" + l.Addr().String()
	go func() { _ = h.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := h.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
	return h
}

func (h *house) logged() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.logs.String()
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

type answer struct {
	*http.Response
	text string
	web.Problem
}

// do sends a request; headers are "Name: value".
func (h *house) do(t *testing.T, method, path, body string, headers ...string) answer {
	t.Helper()
	var in io.Reader
	if body != "" {
		in = strings.NewReader(body)
	}
	request, err := http.NewRequest(method, h.url+path, in)
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		request.Header.Add(name, value)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}, Timeout: 10 * time.Second}
	response, err := client.Do(request)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{Response: response, text: string(text)}
	if strings.HasPrefix(response.Header.Get("Content-Type"), "application/problem+json") {
		if err := json.Unmarshal(text, &a.Problem); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		ownID := a.RequestID == response.Header.Get("X-Request-Id") || response.Header.Get("Idempotency-Replayed") != ""
		if a.Problem.Status != response.StatusCode || a.Code == "" || a.Detail == "" || a.RequestID == "" || !ownID {
			t.Errorf("%s %s: incomplete problem %s", method, path, text)
		}
	} else if response.StatusCode >= 400 && strings.HasPrefix(path, "/api") {
		t.Errorf("%s %s: %d is not a problem: %s", method, path, response.StatusCode, text)
	}
	return a
}

func as(id int) string { return fmt.Sprintf("Cookie: suiftly-access=token-%d", id) }

func TestAccess(t *testing.T) {
	t.Parallel()
	h := setup(t, nil)
	for _, c := range []struct {
		path                                     string
		nobody, customer, suspended, theOperator int
	}{
		{"anyone", 204, 204, 204, 204}, {"customer", 401, 204, 204, 204}, {"active", 401, 204, 403, 204}, {"operator", 401, 403, 403, 204},
	} {
		for cookie, want := range map[string]int{"X: x": c.nobody, as(1001): c.customer, as(8): c.suspended, as(7): c.theOperator, "Cookie: suiftly-access=;;\x80\"": c.nobody} {
			if a := h.do(t, "GET", "/api/v1/room/"+c.path, "", cookie); a.StatusCode != want {
				t.Errorf("%s with %q: %d, want %d", c.path, cookie, a.StatusCode, want)
			}
		}
	}
	t.Run("a route that does not say who may call it stops the start", func(t *testing.T) {
		defer func() {
			if recover() == nil {
				t.Error("it was added")
			}
		}()
		web.Get(h.Room("other"), "/x", "x", 0, "-", func(context.Context, *struct{}) (*struct{}, error) { return nil, nil })
	})
}

func TestProblems(t *testing.T) {
	t.Parallel()
	h := setup(t, func(c *web.Config) { c.RequestDeadline = time.Second })
	t.Run("an expected failure shows its code and sentence", func(t *testing.T) {
		a := h.do(t, "POST", "/api/v1/room/things", `{"amount_usd":"1","name":"full"}`, as(1001))
		if a.StatusCode != 409 || a.Code != "room.full" || a.Detail != "The room is full." {
			t.Errorf("got %s", a.text)
		}
	})
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		code                     string
	}{
		{"an unexpected failure shows nothing of its cause", "GET", "/api/v1/room/fails", "", 500, "internal"},
		{"a panic shows nothing of its cause", "GET", "/api/v1/room/panics", "", 500, "internal"},
		{"a handler is stopped at its deadline", "GET", "/api/v1/room/slow", "", 503, "web.deadline"},
		{"an unknown API route is JSON", "GET", "/api/v1/room/nothing", "", 404, "web.no_route"},
		{"a wrong method is refused", "PUT", "/api/v1/room/things", "{}", 405, "web.method"},
		{"bad JSON is refused", "POST", "/api/v1/room/things", `{"amount_usd":`, 400, "web.bad_json"},
		{"a missing body is refused", "POST", "/api/v1/room/things", "", 400, "web.bad_json"},
		{"a body of ten megabytes is refused", "POST", "/api/v1/room/things", `{"name":"` + strings.Repeat("x", 10<<20) + `"}`, 413, "web.too_large"},
		{"an unknown field is refused", "POST", "/api/v1/room/things", `{"amount_usd":"1","name":"ab","password":"hunter2"}`, 422, "web.invalid"},
		{"an unknown query parameter is refused", "GET", "/api/v1/room/caller?limt=1", "", 422, "web.invalid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := h.do(t, c.method, c.path, c.body, as(1001))
			if a.StatusCode != c.status || a.Code != c.code {
				t.Errorf("got %d %s: %s", a.StatusCode, a.Code, a.text)
			}
			for _, secret := range []string{"secret_table", "hunter2"} {
				if strings.Contains(a.text, secret) {
					t.Errorf("%q leaks: %s", secret, a.text)
				}
			}
		})
	}
	t.Run("every refused field is named as the request names it", func(t *testing.T) {
		a := h.do(t, "POST", "/api/v1/room/things", `{"amount_usd":1.5,"name":"x"}`, as(1001))
		names := ""
		for _, f := range a.Fields {
			names += f.Name + " "
		}
		if a.StatusCode != 422 || !strings.Contains(names, "amount_usd") || !strings.Contains(names, "name") {
			t.Errorf("got %s", a.text)
		}
	})
	for _, amount := range []string{`"1e3"`, `"NaN"`, `"0.0000001"`, `1`, `"1000000000000000000"`, `""`, `" 1"`, `null`} {
		t.Run("money as "+amount+" is refused", func(t *testing.T) {
			if a := h.do(t, "POST", "/api/v1/room/things", `{"name":"ab","amount_usd":`+amount+`}`, as(1001)); a.StatusCode != 422 {
				t.Errorf("got %d %s", a.StatusCode, a.text)
			}
		})
	}
	t.Run("money comes out as a decimal string", func(t *testing.T) {
		if a := h.do(t, "POST", "/api/v1/room/things", `{"name":"ab","amount_usd":"1.5"}`, as(1001)); a.StatusCode != 201 || !strings.Contains(a.text, `"amount_usd":"1.500000"`) {
			t.Errorf("got %d %s", a.StatusCode, a.text)
		}
	})
}

func TestCallers(t *testing.T) {
	t.Parallel()
	h := setup(t, func(c *web.Config) { c.TrustedProxies = []string{"127.0.0.1", "10.0.0.0/8"} })
	distrusting := setup(t, func(c *web.Config) { c.TrustedProxies = nil })
	for header, want := range map[string]string{
		"X: x": "127.0.0.1", "X-Forwarded-For: 203.0.113.9": "203.0.113.9", "X-Forwarded-For: 6.6.6.6, 203.0.113.9": "203.0.113.9",
		"X-Forwarded-For: 203.0.113.9, 10.1.1.1": "203.0.113.9", "X-Forwarded-For: junk": "127.0.0.1", "X-Forwarded-For: 6.6.6.6, junk, 10.1.1.1": "10.1.1.1",
		"X-Forwarded-For: ::ffff:203.0.113.9": "203.0.113.9",
	} {
		if a := h.do(t, "GET", "/api/v1/room/caller", "", header); strings.TrimSpace(a.text) != `"`+want+`"` {
			t.Errorf("%s: got %s, want %s", header, a.text, want)
		}
	}
	if a := distrusting.do(t, "GET", "/api/v1/room/caller", "", "X-Forwarded-For: 203.0.113.9"); strings.TrimSpace(a.text) != `"127.0.0.1"` {
		t.Errorf("a stranger's X-Forwarded-For was believed: %s", a.text)
	}
	for id, kept := range map[string]bool{"abcdef-123456": true, "x": false, "line\tbreak-00000": false, strings.Repeat("a", 65): false} {
		if a := h.do(t, "GET", "/livez", "", "X-Request-Id: "+id); (a.Header.Get("X-Request-Id") == id) != kept {
			t.Errorf("request id %q became %q", id, a.Header.Get("X-Request-Id"))
		}
	}
}

func TestOrigin(t *testing.T) {
	t.Parallel()
	h := setup(t, nil)
	host := strings.TrimPrefix(h.url, "http://")
	for header, want := range map[string]int{
		"X: x": 204, "Origin: " + h.url: 204, "Origin: http://evil.example": 403, "Origin: null": 403, "Origin: https://" + host: 403,
		"Origin: http://127.0.0.1:1": 403, "Sec-Fetch-Site: cross-site": 403, "Sec-Fetch-Site: same-site": 403, "Sec-Fetch-Site: same-origin": 204,
	} {
		if a := h.do(t, "POST", "/api/v1/room/session", "", header); a.StatusCode != want {
			t.Errorf("%s: %d, want %d", header, a.StatusCode, want)
		}
	}
	if a := h.do(t, "GET", "/api/v1/room/anyone", "", "Origin: http://evil.example"); a.StatusCode != 204 || a.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("a read: %d %v", a.StatusCode, a.Header)
	}
	public := setup(t, func(c *web.Config) { c.PublicURL = "https://dash.example.com" })
	if a := public.do(t, "POST", "/api/v1/room/session", "", "Origin: "+public.url); a.StatusCode != 403 {
		t.Errorf("another name than the public one: %d", a.StatusCode)
	}
	if a := public.do(t, "POST", "/api/v1/room/session", "", "Origin: https://dash.example.com"); a.StatusCode != 204 {
		t.Errorf("the public name: %d", a.StatusCode)
	}
}

func TestCookies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		public, prefix string
		secure         bool
	}{{"", "", false}, {"https://dash.example.com", "__Host-", true}} {
		h := setup(t, func(w *web.Config) { w.PublicURL = c.public })
		cookies := h.do(t, "POST", "/api/v1/room/session", "").Cookies()
		if len(cookies) != 2 {
			t.Fatalf("got %v", cookies)
		}
		for i, name := range []string{"suiftly-access", "suiftly-refresh"} {
			k := cookies[i]
			if k.Name != c.prefix+name || !k.HttpOnly || k.Secure != c.secure || k.SameSite != http.SameSiteStrictMode || k.Path != "/" || k.Domain != "" {
				t.Errorf("%s: %+v", c.public, k)
			}
		}
	}
}

func TestIdempotency(t *testing.T) {
	t.Parallel()
	h := setup(t, nil)
	body := `{"amount_usd":"1","name":"ab"}`
	send := func(t *testing.T, path, key, body string, id int) answer {
		return h.do(t, "POST", "/api/v1/room/"+path, body, as(id), "Idempotency-Key: "+key)
	}
	t.Run("the same request again is done once and answered the same", func(t *testing.T) {
		first, again := send(t, "things", "key-00001", body, 1001), send(t, "things", "key-00001", body, 1001)
		if first.StatusCode != 201 || again.StatusCode != 201 || first.text != again.text || again.Header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("got %d %s, then %d %s", first.StatusCode, first.text, again.StatusCode, again.text)
		}
	})
	t.Run("the key is the customer's own", func(t *testing.T) {
		if a := send(t, "things", "key-00001", body, 1002); a.Header.Get("Idempotency-Replayed") != "" || a.StatusCode != 201 {
			t.Errorf("got %d %s", a.StatusCode, a.text)
		}
	})
	t.Run("another body or another route under the same key is refused", func(t *testing.T) {
		for _, a := range []answer{send(t, "things", "key-00001", `{"amount_usd":"2","name":"ab"}`, 1001), send(t, "money", "key-00001", body, 1001)} {
			if a.StatusCode != 422 || a.Code != "web.idempotency_key_reused" {
				t.Errorf("got %d %s", a.StatusCode, a.text)
			}
		}
	})
	t.Run("a refusal is an answer too", func(t *testing.T) {
		full := `{"amount_usd":"1","name":"full"}`
		if a := send(t, "things", "key-00002", full, 1001); a.StatusCode != 409 {
			t.Errorf("got %d", a.StatusCode)
		}
		if a := send(t, "things", "key-00002", full, 1001); a.StatusCode != 409 || a.Header.Get("Idempotency-Replayed") != "true" || a.Code != "room.full" {
			t.Errorf("got %d %s", a.StatusCode, a.text)
		}
	})
	t.Run("a failure of ours is not kept: the retry runs", func(t *testing.T) {
		down := `{"amount_usd":"1","name":"down"}`
		for range 2 {
			if a := send(t, "things", "key-00003", down, 1001); a.StatusCode != 500 || a.Header.Get("Idempotency-Replayed") != "" {
				t.Errorf("got %d %s", a.StatusCode, a.text)
			}
		}
	})
	t.Run("money needs a key, and a sensible one", func(t *testing.T) {
		if a := h.do(t, "POST", "/api/v1/room/money", body, as(1001)); a.StatusCode != 422 || a.Code != "web.idempotency_key_needed" {
			t.Errorf("got %d %s", a.StatusCode, a.text)
		}
		for _, key := range []string{"short", strings.Repeat("k", 129), "with a space"} {
			if a := send(t, "money", key, body, 1001); a.StatusCode != 422 {
				t.Errorf("%q: %d %s", key, a.StatusCode, a.text)
			}
		}
	})
	t.Run("a secret is not kept for replay", func(t *testing.T) {
		if a := send(t, "secret", "key-00004", body, 1001); a.StatusCode != 200 {
			t.Errorf("got %d", a.StatusCode)
		}
		if a := send(t, "secret", "key-00004", body, 1001); a.StatusCode != 409 || a.Code != "web.idempotency_secret_shown" {
			t.Errorf("got %d %s", a.StatusCode, a.text)
		}
	})
	t.Run("64 at once are done once", func(t *testing.T) {
		before := h.done.Load()
		wait := `{"amount_usd":"1","name":"wait"}`
		var group sync.WaitGroup
		var ok, busy atomic.Int64
		for range 64 {
			group.Go(func() {
				switch a := send(t, "things", "key-00005", wait, 1001); a.StatusCode {
				case 201:
					ok.Add(1)
				case 409:
					if busy.Add(1) == 63 {
						close(h.release)
					}
				default:
					t.Errorf("got %d %s", a.StatusCode, a.text)
				}
			})
		}
		group.Wait()
		if h.done.Load() != before+1 || ok.Load() != 1 || busy.Load() != 63 {
			t.Errorf("done %d times, %d ok, %d busy", h.done.Load()-before, ok.Load(), busy.Load())
		}
	})
	t.Run("old answers are forgotten", func(t *testing.T) {
		if err := h.SweepKeys(t.Context(), time.Now().Add(25*time.Hour)); err != nil {
			t.Fatal(err)
		}
		if a := send(t, "things", "key-00001", body, 1001); a.Header.Get("Idempotency-Replayed") != "" || a.StatusCode != 201 {
			t.Errorf("got %d %s", a.StatusCode, a.text)
		}
	})
}

func TestDashboard(t *testing.T) {
	t.Parallel()
	h := setup(t, nil)
	for _, path := range []string{"/", "/billing/invoices", "/services/seal?tab=keys", "/api-keys"} {
		a := h.do(t, "GET", path, "")
		if a.StatusCode != 200 || !strings.Contains(a.text, "app") || a.Header.Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: %d %s %v", path, a.StatusCode, a.text, a.Header)
		}
		if csp := a.Header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'; script-src 'self';") || strings.Contains(csp, "unsafe") {
			t.Errorf("policy: %s", csp)
		}
	}
	for encodings, want := range map[string]string{"gzip, deflate, br": "BR", "gzip": "GZ", "identity": "let a", "br;q=0, gzip": "GZ", "": "let a"} {
		a := h.do(t, "GET", "/assets/app-1a2b.js", "", "Accept-Encoding: "+encodings)
		if a.text != want || !strings.Contains(a.Header.Get("Cache-Control"), "immutable") || a.Header.Get("Vary") != "Accept-Encoding" || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/javascript") {
			t.Errorf("%q: %q %v", encodings, a.text, a.Header)
		}
	}
	for _, path := range []string{"/assets/gone-3c4d.js", "/.vite/manifest.json", "/.gitkeep", "/dev-wallet.js", "/etc/passwd.txt"} {
		if a := h.do(t, "GET", path, ""); a.StatusCode != 404 {
			t.Errorf("%s: %d %s", path, a.StatusCode, a.text)
		}
	}
	if a := h.do(t, "GET", "/theme.js", ""); a.Header.Get("Etag") == "" || h.do(t, "GET", "/theme.js", "", "If-None-Match: "+a.Header.Get("Etag")).StatusCode != 304 {
		t.Errorf("theme.js cannot be revalidated: %v", a.Header)
	}
	if a := h.do(t, "GET", "/metrics", ""); a.StatusCode != 200 || !strings.Contains(a.text, "suiftly_http_request_duration_seconds_count") {
		t.Errorf("metrics: %d", a.StatusCode)
	}
	if a := h.do(t, "GET", "/metrics", "", "X-Forwarded-For: 203.0.113.9"); a.StatusCode != 404 {
		t.Errorf("metrics for strangers: %d", a.StatusCode)
	}
}

func TestDraining(t *testing.T) {
	t.Parallel()
	h := setup(t, nil)
	if a := h.do(t, "GET", "/readyz", ""); a.StatusCode != 200 {
		t.Errorf("ready: %d", a.StatusCode)
	}
	h.Ready = func(context.Context) error { return errors.New("pq: password is hunter2") }
	if a := h.do(t, "GET", "/health", ""); a.StatusCode != 503 || strings.Contains(a.text, "hunter2") {
		t.Errorf("not ready: %d %s", a.StatusCode, a.text)
	}
	h.Ready = func(context.Context) error { return nil }
	h.Drain()
	if a := h.do(t, "GET", "/readyz", ""); a.StatusCode != 503 || a.Header.Get("Connection") != "close" && !a.Close {
		t.Errorf("draining: %d %v", a.StatusCode, a.Header)
	}
	if a := h.do(t, "GET", "/api/v1/room/anyone", ""); a.StatusCode != 204 {
		t.Errorf("requests are answered while draining: %d", a.StatusCode)
	}
}

func TestConfig(t *testing.T) {
	if problems := web.DefaultConfig().Validate(); len(problems) > 0 {
		t.Errorf("the defaults are refused: %v", problems)
	}
	for name, change := range map[string]func(*web.Config){
		"listen": func(c *web.Config) { c.Listen = "127.0.0.1:99999" }, "listen ": func(c *web.Config) { c.Listen = "nonsense" },
		"public_url": func(c *web.Config) { c.Listen = "0.0.0.0:8080" }, "public_url ": func(c *web.Config) { c.PublicURL = "http://dash.example.com" },
		"public_url  ": func(c *web.Config) { c.PublicURL = "https://a.example/path" }, "trusted_proxies": func(c *web.Config) { c.TrustedProxies = []string{"10.0.0.0/99"} },
		"body_limit_bytes": func(c *web.Config) { c.BodyLimitBytes = 1 }, "request_deadline": func(c *web.Config) { c.RequestDeadline = 10 }, "drain_wait": func(c *web.Config) { c.DrainWait = -1 },
	} {
		c := web.DefaultConfig()
		change(&c)
		if problems := c.Validate(); len(problems) != 1 || !strings.HasPrefix(problems[0].Error(), "web."+strings.TrimSpace(name)) {
			t.Errorf("%s: %v", name, problems)
		}
	}
}
