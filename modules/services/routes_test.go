package services

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"suiftly/internal/customer"
	"suiftly/internal/fault"
	"suiftly/internal/web"
)

// listen puts the room behind the real web pipe. The access token is the customer's number; a negative one is suspended. An
// agent's token is its name.
func listen(t *testing.T, m *Module) (url string, s *web.Server) {
	t.Helper()
	s = web.New(web.DefaultConfig(), m.kit.DB, slog.New(slog.DiscardHandler), time.Now, "test")
	s.Authenticate = func(_ context.Context, token string) (customer.Identity, error) {
		var id customer.ID
		if _, err := fmt.Sscan(token, &id); err != nil {
			return customer.Identity{}, web.ErrSignInNeeded
		}
		return customer.Identity{ID: max(id, -id), Suspended: id < 0}, nil
	}
	s.Agent = func(token string) (string, bool) { return token, strings.HasPrefix(token, "edge-") }
	m.Routes(s.Room(m.Name()))
	if err := s.Finish(fstest.MapFS{}, nil); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() {
		if err := s.Shutdown(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return "http://" + l.Addr().String() + "/api/v1/services", s
}

func serve(t *testing.T, m *Module) (call func(who int, method, path, body string) (int, map[string]any)) {
	t.Helper()
	url, _ := listen(t, m)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	return func(who int, method, path, body string) (int, map[string]any) {
		t.Helper()
		var in io.Reader
		if body != "" {
			in = strings.NewReader(body)
		}
		req, err := http.NewRequest(method, url+path, in)
		if err != nil {
			t.Fatal(err)
		}
		if body != "" {
			req.Header.Set("Content-Type", "application/json")
		}
		if who != 0 {
			req.AddCookie(&http.Cookie{Name: "suiftly-access", Value: fmt.Sprint(who)})
		}
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		var out map[string]any
		if len(text) > 0 {
			if err := json.Unmarshal(text, &out); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
		}
		return res.StatusCode, out
	}
}

// TestFuzzedConfigurations asks for what a form never would: 10,000 times the room, and through the whole web pipe as often as
// the limit of requests allows.
func TestFuzzedConfigurations(t *testing.T) {
	m, _ := setup(t)
	call := serve(t, m)
	r := rand.New(rand.NewPCG(21, 22))
	right, wrong := 0, 0
	for i := range 10_000 {
		in, service := anyConfig(r), []string{"seal", "grpc"}[r.IntN(2)]
		_, price, err := m.Quote(service, in)
		f := fault.Of(err)
		if err == nil {
			right++
			if price.MonthlyUSD <= 0 {
				t.Fatalf("%v costs %v", in, price)
			}
		} else if wrong++; !errors.Is(err, ErrBadConfig) || len(f.Fields) == 0 {
			t.Fatalf("%v: %v", in, err)
		}
		for _, field := range f.Fields {
			name, _, _ := strings.Cut(field.Name, "[")
			if _, sent := in[name]; err != nil && !sent && name != tierKey {
				t.Fatalf("%v: refused for %s, which was not sent", in, name)
			}
		}
		if i >= 200 {
			continue
		}
		body, failed := json.Marshal(map[string]any{"config": in})
		if failed != nil {
			t.Fatal(failed)
		}
		if status, out := call(int(alice), "POST", "/"+service+"/quote", string(body)); (status == 200) != (err == nil) || status != 200 && status != 422 {
			t.Fatalf("%s: %d %v", body, status, out)
		}
	}
	if right < 1_000 || wrong < 1_000 {
		t.Fatalf("%d right and %d wrong: this compares nothing", right, wrong)
	}
}

func TestRoutes(t *testing.T) {
	m, _ := setup(t)
	call := serve(t, m)
	const a = int(alice)
	fields := func(problem map[string]any) string {
		var names []string
		list, _ := problem["fields"].([]any)
		for _, f := range list {
			names = append(names, f.(map[string]any)["name"].(string))
		}
		return strings.Join(names, " ")
	}

	t.Run("the list has what a form needs, before anything is saved", func(t *testing.T) {
		status, out := call(a, "GET", "/", "")
		list, _ := out["services"].([]any)
		if status != 200 || len(list) != 3 {
			t.Fatalf("%d %v", status, out)
		}
		text, _ := json.Marshal(list[0])
		for _, want := range []string{
			`"state":"off"`, `"version":0`, `"tier":"starter"`, `"monthly_usd":"20.000000"`, `"kind":"counts"`, `"requires_tier":["pro"]`,
			`"included":3`, `"max":20`, `"unit":"package"`, `"guaranteed_rps":1000`, `"per":1000000`, `"usd":"100.000000"`, `"suspended_for":[]`, `"api_keys_max":1`,
		} {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s is missing in %s", want, text)
			}
		}
	})
	t.Run("a quote saves nothing; a save answers with the price; a stale save names the current version", func(t *testing.T) {
		config := `{"tier":"pro","burst":true,"seal_keys":[5,5],"api_keys":2}`
		status, out := call(a, "POST", "/seal/quote", `{"config":`+config+`}`)
		if price, _ := out["price"].(map[string]any); status != 200 || price["monthly_usd"] != "60.000000" {
			t.Fatalf("%d %v", status, out)
		}
		if n := count(t, m, "select count(*) from services.config_versions"); n != 0 {
			t.Fatalf("the quote saved %d versions", n)
		}
		if status, out = call(a, "PUT", "/seal/config", `{"version":0,"config":`+config+`}`); status != 200 || out["version"] != 1.0 || out["changed_by"] != "customer:1001" {
			t.Fatalf("%d %v", status, out)
		}
		status, out = call(a, "PUT", "/seal/config", `{"version":0,"config":`+config+`}`)
		if status != 409 || out["code"] != "services.config_changed" || fields(out) != "version" || !strings.Contains(fmt.Sprint(out["fields"]), "1") {
			t.Fatalf("%d %v", status, out)
		}
		if now, _ := out["current"].(map[string]any); now["version"] != 1.0 || now["config"].(map[string]any)["burst"] != true {
			t.Fatalf("what stands now is not told: %v", out)
		}
		if status, out := call(a, "POST", "/seal/restore", `{"version":1,"restore":1}`); status != 200 || out["version"] != 2.0 {
			t.Fatalf("%d %v", status, out)
		}
		status, out = call(a, "POST", "/seal/quote", `{"config":{"tier":"pro"}}`)
		if status != 200 || out["change_usd"] != "-20.000000" || out["effective_from"] == nil {
			t.Fatalf("%d %v", status, out)
		}
		if status, out := call(a, "GET", "/seal/schema", ""); status != 200 || out["$schema"] != "https://json-schema.org/draft/2020-12/schema" {
			t.Fatalf("%d %v", status, out)
		}
		if status, out = call(a, "GET", "/seal/history?limit=1", ""); status != 200 || len(out["versions"].([]any)) != 1 {
			t.Fatalf("%d %v", status, out)
		}
	})
	t.Run("a key is shown by its creation only", func(t *testing.T) {
		status, out := call(a, "POST", "/api-keys", `{"service":"seal","name":"laptop"}`)
		key, _ := out["key"].(string)
		if status != 201 || !strings.HasPrefix(key, "sfk_") {
			t.Fatalf("%d %v", status, out)
		}
		id := out["api_key"].(map[string]any)["key_id"].(string)
		status, out = call(a, "GET", "/api-keys", "")
		if status != 200 || len(out["api_keys"].([]any)) != 1 || strings.Contains(fmt.Sprint(out), key) {
			t.Fatalf("%d %v", status, out)
		}
		if status, out = call(a, "PATCH", "/api-keys/"+id, `{"name":"desk"}`); status != 200 || out["name"] != "desk" {
			t.Fatalf("%d %v", status, out)
		}
		if status, out = call(int(bob), "DELETE", "/api-keys/"+id, ""); status != 404 {
			t.Fatalf("another customer's key: %d %v", status, out)
		}
		if status, out = call(a, "DELETE", "/api-keys/"+id, ""); status != 204 {
			t.Fatalf("%d %v", status, out)
		}
	})
	t.Run("switching on and off", func(t *testing.T) {
		if status, out := call(a, "POST", "/seal/enable", ""); status != 200 || out["state"] != "enabled" {
			t.Fatalf("%d %v", status, out)
		}
		if status, out := call(a, "POST", "/seal/disable", ""); status != 200 || out["state"] != "off" {
			t.Fatalf("%d %v", status, out)
		}
		if status, out := call(a, "POST", "/grpc/enable", ""); status != 409 || out["code"] != ErrNotConfigured.Code {
			t.Fatalf("%d %v", status, out)
		}
	})
	for name, c := range map[string]struct {
		who                int
		method, path, body string
		status             int
		fields             string
	}{
		"starter with burst":              {a, "POST", "/seal/quote", `{"config":{"tier":"starter","burst":true}}`, 422, "burst"},
		"unknown options":                 {a, "PUT", "/grpc/config", `{"version":0,"config":{"tier":"pro","seal_keys":[1]}}`, 422, "seal_keys"},
		"a wrong type":                    {a, "PUT", "/grpc/config", `{"version":0,"config":{"tier":"pro","api_keys":"2"}}`, 422, "api_keys"},
		"a negative version":              {a, "PUT", "/grpc/config", `{"version":-1,"config":{"tier":"pro"}}`, 422, "version"},
		"no configuration":                {a, "PUT", "/grpc/config", `{"version":0}`, 422, "config"},
		"a configuration that is a list":  {a, "PUT", "/grpc/config", `{"version":0,"config":[]}`, 422, "config"},
		"an unknown service":              {a, "GET", "/ssh/config", "", 404, ""},
		"an unknown service's history":    {a, "GET", "/ssh/history", "", 404, ""},
		"a key of an unknown service":     {a, "POST", "/api-keys", `{"service":"ssh","name":"x"}`, 404, ""},
		"a replay of what cannot be":      {a, "POST", "/seal/replay", `{"config":{"tier":"starter","burst":true}}`, 422, "burst"},
		"a version that never was":        {a, "POST", "/seal/restore", `{"version":2,"restore":99}`, 404, ""},
		"a network that is none":          {a, "POST", "/api-keys", `{"service":"seal","name":"x","networks":["10.0.0.0/8","no"]}`, 422, "networks[1]"},
		"a key that ended yesterday":      {a, "POST", "/api-keys", `{"service":"seal","name":"x","expires_at":"2020-01-01T00:00:00Z"}`, 422, "expires_at"},
		"a blank key name":                {a, "POST", "/api-keys", `{"service":"seal","name":"  "}`, 422, "name"},
		"nobody":                          {0, "GET", "/", "", 401, ""},
		"a suspended customer's save":     {-a, "PUT", "/grpc/config", `{"version":0,"config":{"tier":"pro"}}`, 403, ""},
		"a suspended customer's new key":  {-a, "POST", "/api-keys", `{"service":"seal","name":"x"}`, 403, ""},
		"a page beyond what can be asked": {a, "GET", "/seal/history?limit=1000", "", 422, "limit"},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			status, out := call(c.who, c.method, c.path, c.body)
			if status != c.status || fields(out) != c.fields || out["code"] == fault.Of(nil).Code {
				t.Fatalf("%d %v", status, out)
			}
		})
	}
	t.Run("a suspended customer still looks around", func(t *testing.T) {
		if status, _ := call(-a, "GET", "/seal/config", ""); status != 200 {
			t.Fatal(status)
		}
	})
}
