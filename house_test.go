package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/host"
	"suiftly/internal/money"
	"suiftly/internal/pgtest"
	"suiftly/internal/sui/suitest"
	"suiftly/internal/web"
)

// openedHouse is every room behind the real web server on loopback.
type openedHouse struct {
	t    *testing.T
	url  string
	db   *sqlx.DB
	api  api
	keys atomic.Int64

	mu      sync.Mutex
	log     bytes.Buffer
	secrets map[string]string // what no log line may hold: a name for each
}

type api struct {
	Paths      map[string]map[string]operation `json:"paths"`
	Components struct {
		Schemas map[string]schema `json:"schemas"`
	} `json:"components"`
}

type operation struct {
	ID         string `json:"operationId"`
	Access     string `json:"x-access"`
	Parameters []struct {
		Name     string
		In       string
		Required bool
		Schema   schema
	} `json:"parameters"`
	Body *struct {
		Content map[string]struct {
			Schema schema `json:"schema"`
		} `json:"content"`
	} `json:"requestBody"`
}

type schema struct {
	Ref        string            `json:"$ref"`
	Types      any               `json:"type"` // a name, or a list of names
	Format     string            `json:"format"`
	Enum       []any             `json:"enum"`
	MinLength  int               `json:"minLength"`
	Minimum    float64           `json:"minimum"`
	Pattern    string            `json:"pattern"`
	Required   []string          `json:"required"`
	Properties map[string]schema `json:"properties"`
}

func (h *openedHouse) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.log.Write(p)
}

func (h *openedHouse) secret(name, value string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.secrets[value] = name
}

func openTestHouse(t *testing.T, change ...func(*settings)) *openedHouse {
	t.Helper()
	h := &openedHouse{t: t, db: pgtest.DB(t), secrets: map[string]string{}}
	s := defaults()
	s.Auth.SigningKeys = []string{strings.Repeat("k", 32)}
	s.Auth.Operators = []string{suitest.NewWallet(9).Address().String()}
	s.Auth.Limits.ChallengesPerMinute, s.Auth.Limits.ChallengesAddressPerMinute, s.Auth.Limits.VerifiesPerMinute = 10_000, 10_000, 10_000
	s.Web.Limits = web.Limits{APIPerMinute: 100_000, AnonymousPerMinute: 100_000, MoneyPerHour: 100_000}
	s.Wallet.WelcomeCreditUSD = 25 * money.Dollar
	for _, c := range change {
		c(&s)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.Web.Listen = l.Addr().String()
	h.url = "http://" + s.Web.Listen
	log := slog.New(slog.NewTextHandler(h, &slog.HandlerOptions{Level: slog.LevelDebug}))
	rooms, err := rooms(host.Kit{DB: h.db, Log: log, Now: time.Now}, s, nil)
	if err != nil {
		t.Fatal(err)
	}
	server := web.New(s.Web, h.db, log, time.Now, "test")
	server.Authenticate = rooms.auth.Authenticate
	for _, m := range rooms.modules() {
		m.Routes(server.Room(m.Name()))
	}
	if err := server.Finish(sub(dist, "ui/dist"), nil); err != nil {
		t.Fatal(err)
	}
	spec, err := server.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(spec, &h.api); err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = server.Shutdown(ctx)
	})
	return h
}

// person is a browser; a nil wallet is nobody's.
type person struct {
	h      *openedHouse
	http   *http.Client
	id     int64
	wallet *suitest.Wallet
	from   string // an address of the internet, as the balancer tells it; empty: this machine
}

type reply struct {
	status int
	code   string
	body   []byte
}

func (h *openedHouse) nobody() *person {
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return &person{h: h, http: &http.Client{Jar: jar, Timeout: 20 * time.Second}}
}

func (h *openedHouse) signedIn(account byte) *person {
	h.t.Helper()
	p, w := h.nobody(), suitest.NewWallet(account)
	p.wallet = &w
	var challenge struct {
		ID      string `json:"challenge_id"`
		Message string `json:"message"`
	}
	p.must(http.MethodPost, "/api/v1/auth/challenge", map[string]any{"address": w.Address()}, &challenge)
	signature := w.SignPersonalMessage(challenge.Message)
	h.secret("signature", signature)
	h.secret("address", w.Address().String())
	h.secret("nonce", regexp.MustCompile(`Nonce: (\w+)`).FindStringSubmatch(challenge.Message)[1])
	var session struct {
		Customer struct {
			ID int64 `json:"customer_id"`
		} `json:"customer"`
	}
	p.must(http.MethodPost, "/api/v1/auth/verify", map[string]any{"challenge_id": challenge.ID, "message": challenge.Message, "signature": signature}, &session)
	p.id = session.Customer.ID
	u, _ := url.Parse(h.url)
	for _, c := range p.http.Jar.Cookies(u) {
		h.secret("cookie "+c.Name, c.Value)
	}
	return p
}

func (p *person) call(method, path string, body any) reply {
	p.h.t.Helper()
	var in io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			p.h.t.Fatal(err)
		}
		in = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(p.h.t.Context(), method, p.h.url+path, in)
	if err != nil {
		p.h.t.Fatal(err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if method != http.MethodGet {
		request.Header.Set("Idempotency-Key", fmt.Sprintf("test-%08d", p.h.keys.Add(1)))
	}
	if p.from != "" {
		request.Header.Set("X-Forwarded-For", p.from)
	}
	answer, err := p.http.Do(request)
	if err != nil {
		p.h.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer answer.Body.Close()
	var text []byte
	if answer.Header.Get("Content-Type") != "text/event-stream" { // which has no end
		if text, err = io.ReadAll(answer.Body); err != nil {
			p.h.t.Fatal(err)
		}
	}
	r := reply{status: answer.StatusCode, body: text}
	var problem struct {
		Code string `json:"code"`
	}
	if answer.StatusCode >= 400 {
		_ = json.Unmarshal(text, &problem)
		r.code = problem.Code
	}
	return r
}

func (p *person) must(method, path string, body, into any) {
	p.h.t.Helper()
	r := p.call(method, path, body)
	if r.status >= 300 {
		p.h.t.Fatalf("%s %s: %d %s", method, path, r.status, r.body)
	}
	if into != nil {
		if err := json.Unmarshal(r.body, into); err != nil {
			p.h.t.Fatal(err)
		}
	}
}
