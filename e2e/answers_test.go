package e2e

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"suiftly/internal/pgtest"
)

func TestMistakesOfTheOperatorGetASentence(t *testing.T) {
	t.Parallel()
	taken := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	t.Cleanup(func() { taken.Close() })
	database := pgtest.URL(t)
	yaml := func(content string) string {
		file := filepath.Join(t.TempDir(), "suiftly.yaml")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	free := []string{"SUIFTLY_WEB__LISTEN=" + address(t), "SUIFTLY_LOGS__LISTEN=" + address(t)}
	for _, c := range []struct {
		name     string
		settings []string
		args     []string
		code     int
		says     []string
	}{
		{"no such command", nil, []string{"sreve"}, 2, []string{`there is no command "sreve"`, "serve"}},
		{"no such flag", nil, []string{"serve", "--prot=1"}, 2, []string{"-prot", "suiftly serve --help"}},
		{"too many words", nil, []string{"serve", "now"}, 2, []string{`"now"`}},
		{"a typo in the YAML", nil, []string{"serve", "--config", yaml("web:\n  lisen: 127.0.0.1:8080\n")}, 1, []string{"web.lisen", "did you mean web.listen?"}},
		{"two typos in the YAML", nil, []string{"serve", "--config", yaml("logz:\n  listen: x\nweb:\n  lisen: x\n")}, 1, []string{"logz", "web.lisen"}},
		{"no YAML", nil, []string{"config", "--config", yaml("web: [\n")}, 1, []string{"suiftly.yaml"}},
		{"a file that is not there", nil, []string{"serve", "--config", "/nowhere/suiftly.yaml"}, 1, []string{"/nowhere/suiftly.yaml does not exist"}},
		{"a typo in the environment", []string{"SUIFTLY_WEB__LISEN=x"}, []string{"serve"}, 1, []string{"web.lisen", "web.listen?"}},
		{"a bad port", []string{"SUIFTLY_WEB__LISTEN=127.0.0.1:99999"}, []string{"serve"}, 1, []string{"web.listen", "127.0.0.1:99999"}},
		{"a bad port of the logs, and more", []string{"SUIFTLY_LOGS__LISTEN=here", "SUIFTLY_DATABASE__MAX_CONNS=1"}, []string{"serve"}, 1, []string{"logs.listen", "database.max_conns"}},
		{"a port in use", append(on(database), "SUIFTLY_WEB__LISTEN="+taken.Addr().String(), free[1]), []string{"serve"}, 1, []string{"web.listen", taken.Addr().String(), "in use"}},
		{"a port of the logs in use", append(on(database), "SUIFTLY_LOGS__LISTEN="+taken.Addr().String(), free[0]), []string{"serve"}, 1, []string{"logs.listen", "in use"}},
		{"nobody at the database's address", on("postgres://me:hunter2@127.0.0.1:1/suiftly"), []string{"serve"}, 1, []string{"127.0.0.1:1", "no Postgres listens there"}},
		{"the database is not one", on("what is this"), []string{"serve"}, 1, []string{"database"}},
		{"nobody to be healthy", nil, []string{"healthcheck", "http://127.0.0.1:1"}, 1, []string{"does not answer"}},
		{"a demo of a configured database", on("postgres://127.0.0.1:1/mine"), []string{"demo"}, 2, []string{"touches no configured database"}},
		{"a run in the future", on(database), []string{"billing", "run", "--once", "--at", "2999-01-01T00:00:00Z"}, 2, []string{"future"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			code, _, problems := run(t, c.settings, c.args...)
			if code != c.code {
				t.Errorf("exit code %d, not %d", code, c.code)
			}
			for _, words := range c.says {
				if !strings.Contains(problems, words) {
					t.Errorf("it does not say %q", words)
				}
			}
			for _, never := range []string{"hunter2", "panic", "goroutine"} {
				if strings.Contains(problems, never) {
					t.Errorf("it says %q", never)
				}
			}
			if t.Failed() {
				t.Log(problems)
			}
		})
	}
}

func TestEveryWrongRequestGetsAClearAnswer(t *testing.T) {
	t.Parallel()
	r := serve(t, pgtest.URL(t))
	const challenge = "/api/v1/auth/challenge"
	for _, c := range []struct {
		name          string
		method, path  string
		body          string
		header, value string
		status        int
		code          string
	}{
		{"no such route", "GET", "/api/v1/nothing", "", "", "", 404, "web.no_route"},
		{"no such room's route", "GET", "/api/v1/auth/nothing", "", "", "", 404, "web.no_route"},
		{"no such file", "GET", "/assets/nothing.js", "", "", "", 404, "web.no_route"},
		{"climbing out", "GET", "/..%2f..%2fetc/passwd.txt", "", "", "", 404, "web.no_route"},
		{"wrong method", "DELETE", challenge, "", "", "", 405, "web.method"},
		{"post to a page", "POST", "/services", "", "", "", 404, "web.no_route"},
		{"no session", "GET", "/api/v1/auth/customer", "", "", "", 401, "auth.sign_in_needed"},
		{"a cookie that is no token", "GET", "/api/v1/auth/customer", "", "Cookie", "suiftly-access=eyJ.%%%.\"", 401, "auth.sign_in_needed"},
		{"a cookie header of rubbish", "GET", "/api/v1/auth/customer", "", "Cookie", ";;==;\"suiftly-access;=x", 401, "auth.sign_in_needed"},
		{"another site", "POST", challenge, `{"address":"0x2"}`, "Origin", "https://evil.example", 403, "web.cross_origin"},
		{"no JSON", "POST", challenge, `{"address":`, "", "", 400, "web.bad_json"},
		{"no body", "POST", challenge, "", "", "", 400, "web.bad_json"},
		{"another type", "POST", challenge, `{"address":7}`, "", "", 422, "web.invalid"},
		{"no address", "POST", challenge, `{"address":"0xzz"}`, "", "", 422, "auth.address"},
		{"10 MB", "POST", challenge, `{"address":"` + strings.Repeat("0", 10<<20) + `"}`, "", "", 413, "web.too_large"},
		{"a huge head", "GET", "/api/openapi.json", "", "X-Long", strings.Repeat("x", 64<<10), 431, "web.headers_too_large"},
	} {
		t.Run(c.name, func(t *testing.T) {
			req, err := http.NewRequest(c.method, r.url()+c.path, text(c.body))
			if err != nil {
				t.Fatal(err)
			}
			if c.body != "" {
				req.Header.Set("Content-Type", "application/json")
			}
			if c.header != "" {
				req.Header.Set(c.header, c.value)
			}
			answer, err := quick.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			said, err := io.ReadAll(answer.Body)
			if err != nil {
				t.Fatal(err)
			}
			var problem struct {
				Title, Detail, Code string
				Status              int
				RequestID           string `json:"request_id"`
			}
			if err := json.Unmarshal(said, &problem); err != nil {
				t.Fatalf("%d, and no problem: %q", answer.StatusCode, said)
			}
			if answer.StatusCode != c.status || problem.Status != c.status || problem.Code != c.code {
				t.Errorf("not %d %s: %s", c.status, c.code, said)
			}
			if kind := answer.Header.Get("Content-Type"); kind != "application/problem+json" || problem.Detail == "" || problem.RequestID == "" {
				t.Errorf("%s: %s", kind, said)
			}
		})
	}
	if err := status(r.url()+"/readyz", http.StatusOK); err != nil {
		t.Error(err)
	}
	if strings.Contains(r.logged(), "panic") {
		t.Error("something panicked")
	}
}
