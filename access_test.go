package main

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/pgtest"
	"suiftly/internal/sui/suitest"
)

// example is a value that the schema allows.
func (a api) example(s schema) any {
	if s.Ref != "" {
		return a.example(a.Components.Schemas[s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]])
	}
	kind := fmt.Sprint(s.Types)
	if several, ok := s.Types.([]any); ok {
		kind = fmt.Sprint(several[0])
	}
	switch {
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.Format == "date-time":
		return time.Now().UTC().Add(-time.Hour).Format(time.RFC3339)
	case kind == "integer" || kind == "number":
		return s.Minimum
	case kind == "boolean":
		return false
	case kind == "array":
		return []any{}
	case kind == "object":
		out := map[string]any{}
		for _, name := range s.Required {
			out[name] = a.example(s.Properties[name])
		}
		return out
	case strings.Contains(s.Pattern, `\.[0-9]`):
		return "1.000000"
	}
	return strings.Repeat("a", max(1, s.MinLength))
}

// notIDs are path parameters that name no customer's thing.
var notIDs = []string{"service"}

// things makes, for each id in a path, something that belongs to the person. A new kind of id needs its entry here: the test
// fails until another customer is shown to get 404 for it.
var things = map[string]func(p *person) string{
	"key_id": func(p *person) string {
		p.must(http.MethodPost, "/api/v1/services/api-keys", map[string]any{"service": "grpc", "name": "mine"}, nil)
		var keys struct {
			Keys []struct {
				ID string `json:"key_id"`
			} `json:"api_keys"`
		}
		p.must(http.MethodGet, "/api/v1/services/api-keys", nil, &keys)
		return keys.Keys[len(keys.Keys)-1].ID
	},
	"session_id": func(p *person) string {
		var sessions struct {
			Sessions []struct {
				ID      string `json:"session_id"`
				Current bool   `json:"current"`
			} `json:"sessions"`
		}
		p.must(http.MethodGet, "/api/v1/auth/sessions", nil, &sessions)
		i := slices.IndexFunc(sessions.Sessions, func(s struct {
			ID      string `json:"session_id"`
			Current bool   `json:"current"`
		}) bool {
			return s.Current
		})
		return sessions.Sessions[i].ID
	},
	"customer_id": func(p *person) string { return fmt.Sprint(p.id) },
}

// address fills the operation's path and query; owner makes what the path names.
func (h *openedHouse) address(path string, op operation, owner *person) (filled string, named bool) {
	query := url.Values{}
	for _, param := range op.Parameters {
		switch {
		case param.In == "query" && param.Required:
			query.Set(param.Name, fmt.Sprint(h.api.example(param.Schema)))
		case param.In == "path":
			value := "grpc"
			if !slices.Contains(notIDs, param.Name) {
				thing := things[param.Name]
				if thing == nil {
					h.t.Fatalf("%s: tell this test how a customer comes by a {%s}, or that it is nobody's", op.ID, param.Name)
				}
				value, named = thing(owner), true
			}
			path = strings.ReplaceAll(path, "{"+param.Name+"}", value)
		}
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return path, named
}

func (h *openedHouse) body(op operation) any {
	if op.Body == nil {
		return nil
	}
	return h.api.example(op.Body.Content["application/json"].Schema)
}

// TestEveryRouteForEveryCaller walks the router: each operation, asked by each kind of caller, does what its declared access
// says, and another customer's things are not there.
func TestEveryRouteForEveryCaller(t *testing.T) {
	t.Parallel()
	h := openTestHouse(t)
	const owner, other, suspended, theOperator, revoked = 1, 2, 3, 9, 4
	for _, account := range []byte{owner, other} {
		h.signedIn(account).must(http.MethodPut, "/api/v1/services/grpc/config", map[string]any{"version": 0, "config": map[string]any{"tier": "starter", "api_keys": 50}}, nil)
	}
	h.signedIn(suspended)
	if _, err := h.db.Exec(`update auth.customers set status = 'suspended', suspended_reason = 'nonpayment' where customer_id = $1`, h.signedIn(suspended).id); err != nil {
		t.Fatal(err)
	}
	ended := func() *person {
		p := h.signedIn(revoked)
		h.signedIn(revoked).must(http.MethodDelete, "/api/v1/auth/sessions", nil, nil)
		return p
	}
	sessionOver := []string{"auth.sign_in_needed", "auth.session_over"}
	walked := 0
	for _, path := range slices.Sorted(maps.Keys(h.api.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(h.api.Paths[path])) {
			op := h.api.Paths[path][method]
			verb := strings.ToUpper(method)
			walked++
			for name, caller := range map[string]func() *person{
				"nobody": h.nobody, "owner": func() *person { return h.signedIn(owner) }, "other": func() *person { return h.signedIn(other) },
				"suspended": func() *person { return h.signedIn(suspended) }, "operator": func() *person { return h.signedIn(theOperator) }, "revoked": ended,
			} {
				who := caller()
				whose := who // of what the path names
				if name != "owner" {
					whose = h.signedIn(owner)
				}
				at, named := h.address(path, op, whose)
				got := who.call(verb, at, h.body(op))
				bad := func(want string) {
					t.Errorf("%s (%s) by %s: %d %s, want %s", op.ID, op.Access, name, got.status, got.code, want)
				}
				if got.status >= 500 && got.status != http.StatusServiceUnavailable {
					bad("no failure of ours")
				}
				gate := got.status == http.StatusUnauthorized || slices.Contains([]string{"auth.suspended", "auth.operators_only"}, got.code)
				switch {
				case op.Access == "anyone":
					if got.status == http.StatusForbidden {
						bad("to be let in")
					}
				case op.Access == "edge":
					if got.status != http.StatusUnauthorized || got.code != "edge.token_needed" {
						bad("401 edge.token_needed: an agent's token and nothing else")
					}
				case name == "nobody" || name == "revoked":
					if got.status != http.StatusUnauthorized || !slices.Contains(sessionOver, got.code) {
						bad("401")
					}
				case op.Access == "operator" && name != "operator":
					if got.status != http.StatusForbidden || got.code != "auth.operators_only" {
						bad("403 auth.operators_only")
					}
				case op.Access == "active" && name == "suspended":
					if got.status != http.StatusForbidden || got.code != "auth.suspended" {
						bad("403 auth.suspended")
					}
				case gate:
					bad("to be let in")
				case named && op.Access != "operator" && name != "owner":
					if got.status != http.StatusNotFound {
						bad("404: it is another customer's")
					}
				case named && name == "owner":
					if got.status == http.StatusNotFound {
						bad("to be found by its owner")
					}
				}
			}
		}
	}
	if walked < 30 {
		t.Errorf("only %d operations were walked", walked)
	}
	h.logsAreClean(t)
}

// logsAreClean looks through everything that was logged, at the most talkative level, for what must not be there.
func (h *openedHouse) logsAreClean(t *testing.T) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	text := h.log.String()
	if strings.Count(text, "\n") < 20 {
		t.Errorf("hardly anything is logged:\n%s", text)
	}
	for value, name := range h.secrets {
		if len(value) >= 8 && strings.Contains(text, value) {
			i := strings.Index(text, value)
			t.Errorf("%s is in the log: %s", name, text[strings.LastIndexByte(text[:i], '\n')+1:i+len(value)])
		}
	}
}

// TestLogsTellNoSecret goes through the door in every way that fails and some that do not.
func TestLogsTellNoSecret(t *testing.T) {
	t.Parallel()
	h := openTestHouse(t)
	alice, bob := h.signedIn(1), suitest.NewWallet(2)
	h.secret("address", bob.Address().String())
	h.secret("name", "Ada Lovelace")
	h.secret("e-mail", "ada@example.com")
	alice.must(http.MethodPatch, "/api/v1/auth/customer", map[string]any{"version": 1, "name": "Ada Lovelace", "email": "ada@example.com"}, nil)
	alice.must(http.MethodPut, "/api/v1/services/seal/config", map[string]any{"version": 0, "config": map[string]any{"tier": "starter"}}, nil)
	var made struct {
		Key string `json:"key"`
	}
	alice.must(http.MethodPost, "/api/v1/services/api-keys", map[string]any{"service": "seal", "name": "mine"}, &made)
	h.secret("API key", made.Key)

	type challenge struct {
		ID      string `json:"challenge_id"`
		Message string `json:"message"`
	}
	for name, spoil := range map[string]func(c *challenge, signature *string){
		"another wallet":   func(c *challenge, s *string) { *s = bob.SignPersonalMessage(c.Message) },
		"another text":     func(c *challenge, s *string) { *s = alice.wallet.SignPersonalMessage(c.Message + "x") },
		"not base64":       func(_ *challenge, s *string) { *s = "####" + *s },
		"cut":              func(_ *challenge, s *string) { *s = (*s)[:40] },
		"zkLogin":          func(c *challenge, s *string) { *s = suitest.NewZkWallet(7).SignPersonalMessage(c.Message, 10) },
		"a field too many": func(c *challenge, s *string) { c.ID = "" },
	} {
		p := h.nobody()
		var c challenge
		p.must(http.MethodPost, "/api/v1/auth/challenge", map[string]any{"address": alice.wallet.Address()}, &c)
		signature := alice.wallet.SignPersonalMessage(c.Message)
		spoil(&c, &signature)
		h.secret("signature of "+name, signature)
		if r := p.call(http.MethodPost, "/api/v1/auth/verify", map[string]any{"challenge_id": c.ID, "message": c.Message, "signature": signature}); r.status < 400 {
			t.Errorf("%s: %d", name, r.status)
		}
	}
	zk := suitest.NewZkWallet(7)
	h.secret("address", zk.Address().String())
	p := h.nobody()
	var c challenge
	p.must(http.MethodPost, "/api/v1/auth/challenge", map[string]any{"address": zk.Address()}, &c)
	signature := zk.SignPersonalMessage(c.Message, 10)
	h.secret("zkLogin signature", signature)
	if r := p.call(http.MethodPost, "/api/v1/auth/verify", map[string]any{"challenge_id": c.ID, "message": c.Message, "signature": signature}); r.status != http.StatusServiceUnavailable || r.code != "auth.zklogin_unavailable" {
		t.Errorf("zkLogin without a fullnode: %d %s", r.status, r.code)
	}
	p.call(http.MethodPost, "/api/v1/auth/verify", `{"signature": "`+signature)
	u, _ := url.Parse(h.url)
	p.http.Jar.SetCookies(u, []*http.Cookie{{Name: "suiftly-access", Value: "forged.token.value"}, {Name: "suiftly-refresh", Value: "forged-refresh-token"}})
	h.secret("a forged token", "forged.token.value")
	h.secret("a forged token", "forged-refresh-token")
	p.call(http.MethodGet, "/api/v1/auth/customer", nil)
	p.call(http.MethodPost, "/api/v1/auth/refresh", nil)

	var closing challenge
	alice.must(http.MethodPost, "/api/v1/auth/customer/close/challenge", nil, &closing)
	wrong, right := bob.SignPersonalMessage(closing.Message), alice.wallet.SignPersonalMessage(closing.Message)
	h.secret("signature that closes", wrong)
	h.secret("signature that closes", right)
	if r := alice.call(http.MethodPost, "/api/v1/auth/customer/close", map[string]any{"challenge_id": closing.ID, "message": closing.Message, "signature": wrong}); r.status != http.StatusForbidden {
		t.Errorf("closing with another wallet: %d %s", r.status, r.body)
	}
	for _, used := range []string{
		`insert into logs.usage_hours (customer_id, service, hour, requests, billable, bytes, revision) values ($1, 'seal', '2026-11-24 10:00Z', 12345, 9, 9, 1)`,
		`with r as (insert into billing.runs (at, epoch, replica, started_at) values (now(), 0, 'test', now()) returning run_id)
		 insert into billing.charges (customer_id, service, hour, revision, requests, billable, bytes, requests_micros, bandwidth_micros, amount_micros, price_book, cause, run_id, at)
		 select $1, 'seal', '2026-11-24 10:00Z', 1, 12345, 9, 9, 987654, 0, 987654, 1, 'a cause', run_id, now() from r`,
	} {
		if _, err := h.db.Exec(used, alice.id); err != nil {
			t.Fatal(err)
		}
	}
	var export map[string]any
	alice.must(http.MethodGet, "/api/v1/auth/customer/export", nil, &export)
	for _, part := range []string{"customer", "sessions", "changes", "rooms"} {
		if export[part] == nil {
			t.Errorf("the export lacks %s: %v", part, export)
		}
	}
	if text := fmt.Sprint(export); strings.Contains(text, made.Key) || !strings.Contains(text, "starter") || !strings.Contains(text, "25.000000") ||
		!strings.Contains(text, "requests:12345") || !strings.Contains(text, "amount_usd:0.987654") {
		t.Errorf("the export: %s", text)
	}
	if !strings.Contains(closing.Message, "Balance given up: 25.000000 USD") {
		t.Errorf("the text to sign: %s", closing.Message)
	}
	alice.must(http.MethodPost, "/api/v1/auth/customer/close", map[string]any{"challenge_id": closing.ID, "message": closing.Message, "signature": right}, nil)
	if r := alice.call(http.MethodGet, "/api/v1/auth/customer", nil); r.status != http.StatusUnauthorized {
		t.Errorf("after closing: %d", r.status)
	}
	var audits int
	if err := h.db.Get(&audits, `select count(*) from ops.audit where action = 'auth.account_closed'`); err != nil || audits != 1 {
		t.Errorf("%d entries, %v", audits, err)
	}
	h.logsAreClean(t)
}

// TestEvidenceCanBeVerifiedByCommand closes an account and has the command prove who did.
func TestEvidenceCanBeVerifiedByCommand(t *testing.T) {
	database := pgtest.URL(t)
	t.Setenv("SUIFTLY_DATABASE__URL", database)
	t.Setenv("SUIFTLY_AUTH__SIGNING_KEYS", "["+strings.Repeat("k", 32)+"]")
	t.Chdir(t.TempDir())
	db, err := sqlx.Connect("postgres", database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	w := suitest.NewWallet(1)
	message := "dash.example.com asks you to approve a change with your Sui account:\n" + w.Address().String() + "\n\nClose.\n\nPurpose: auth.close_account\n\nURI: x"
	keep := func(id int, signature string) {
		if _, err := db.Exec(`insert into auth.evidence (challenge_id, customer_id, address, session_id, purpose, message, signature, scheme, issued_at, approved_at)
			values (gen_random_uuid(), $1, $2, gen_random_uuid(), 'auth.close_account', $3, $4, 'ed25519', now(), now())`, id, w.Address().String(), message, signature); err != nil {
			t.Fatal(err)
		}
	}
	pgtest.Customer(t, db, 1001)
	keep(1001, w.SignPersonalMessage(message))
	keep(1001, suitest.NewWallet(2).SignPersonalMessage(message))
	for id, want := range map[string]string{"1": "the signature is the address's", "2": "does not hold", "3": "no such evidence"} {
		var out, problems bytes.Buffer
		code := run(t.Context(), []string{"doctor", "verify-signature", id}, &out, &problems)
		if (code == 0) != (id == "1") || !strings.Contains(out.String()+problems.String(), want) {
			t.Errorf("evidence %s: exit %d\n%s%s", id, code, out.String(), problems.String())
		}
	}
}
