package edge_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"suiftly/internal/demo"
)

// The promises of deploy/haproxy.cfg, on a real HAProxy.

var uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func TestConfigurationIsValid(t *testing.T) {
	program, err := demo.FindHAProxy()
	if err != nil {
		t.Fatal(err)
	}
	for name, env := range map[string][]string{
		"with its defaults":                  nil,
		"with every option":                  {"EDGE_LOG_2=127.0.0.1:2", "EDGE_REPLICA_2=127.0.0.1:2", "EDGE_REPLICA_3=127.0.0.1:3", "EDGE_REPLICA_4=127.0.0.1:4", "EDGE_REPLICA_5=127.0.0.1:5", "EDGE_ORIGIN_GRPC_H2=1", "EDGE_USER=daemon", "EDGE_TLS_CERT=" + certificate(t)},
		"with IPv6 and a unix socket origin": {"EDGE_API_BIND=:::8443", "EDGE_ORIGIN_SEAL=unix@/run/seal.sock"},
	} {
		t.Run("haproxy -c accepts the file "+name, func(t *testing.T) {
			maps := t.TempDir()
			if err := os.WriteFile(filepath.Join(maps, "keys.map"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), program, "-c", "-f", configFile)
			cmd.Env = append(env, "EDGE_MAP_DIR="+maps)
			out, err := cmd.CombinedOutput()
			if err != nil || strings.Contains(string(out), "WARNING") {
				t.Fatalf("%v: %s", err, out)
			}
		})
	}
}

func TestKeysAtTheDoor(t *testing.T) {
	seen := make(chan http.Header, 100)
	h := newHost(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { seen <- r.Header.Clone() }), nil)
	h.start()
	sync1(t, h.edge(), keys(entry("sfk_a_b", 1001, "seal", "a"), entry("sfk_w_w", 1001, "walrus", "w")))

	for name, c := range map[string]struct {
		headers []string
		code    string
		status  int
	}{
		"no key":                           {nil, "edge.key_missing", 401},
		"an unknown key":                   {[]string{"X-API-Key", "sfk_a_c"}, "edge.key_unknown", 401},
		"an empty key":                     {[]string{"X-API-Key", ""}, "edge.key_unknown", 401},
		"the hash instead of the key":      {[]string{"X-API-Key", sha256hex("sfk_a_b")}, "edge.key_unknown", 401},
		"the key in another case":          {[]string{"X-API-Key", "SFK_A_B"}, "edge.key_unknown", 401},
		"two keys in one header":           {[]string{"X-API-Key", "sfk_a_b, sfk_a_b"}, "edge.key_unknown", 401},
		"a very long key":                  {[]string{"X-API-Key", strings.Repeat("x", 8000)}, "edge.key_unknown", 401},
		"a customer of one's own choosing": {[]string{"X-Suiftly-Customer", "1001", "X-Suiftly-Service", "seal"}, "edge.key_missing", 401},
		"a service without a backend":      {[]string{"X-API-Key", "sfk_w_w"}, "edge.no_service", 503},
	} {
		t.Run(name+" is answered in JSON", func(t *testing.T) {
			req, _ := http.NewRequest("GET", "http://"+h.api+"/x", nil)
			for i := 0; i < len(c.headers); i += 2 {
				req.Header[c.headers[i]] = []string{c.headers[i+1]}
			}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			var problem struct {
				Status       int
				Code, Detail string
				RequestID    string `json:"request_id"`
				Title        string
			}
			if err := json.NewDecoder(res.Body).Decode(&problem); err != nil {
				t.Fatal(err)
			}
			if res.StatusCode != c.status || problem.Status != c.status || problem.Code != c.code || problem.Detail == "" || !uuid.MatchString(problem.RequestID) ||
				res.Header.Get("Content-Type") != "application/problem+json" || (c.status == 401) != (res.Header.Get("WWW-Authenticate") != "") {
				t.Fatalf("got %d %+v %v", res.StatusCode, problem, res.Header)
			}
		})
	}
	if len(seen) != 0 {
		t.Fatal("a refused request reached the origin")
	}

	t.Run("the origin learns who asks from us alone, and never the key", func(t *testing.T) {
		status, _ := h.get("/", "sfk_a_b", "X-Suiftly-Customer", "1", "x-suiftly-customer", "2", "X-Suiftly-Admin", "yes",
			"X-Forwarded-For", "6.6.6.6", "X-Forwarded-Proto", "https", "X-Request-Id", "mine")
		got := <-seen
		for name, want := range map[string]string{
			"X-Suiftly-Customer": "1001", "X-Suiftly-Service": "seal", "X-Suiftly-Key": "a", "X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "http",
		} {
			if values := got.Values(name); len(values) != 1 || values[0] != want {
				t.Errorf("%s: %v", name, values)
			}
		}
		if status != 200 || got.Get("X-API-Key") != "" || got.Get("X-Suiftly-Admin") != "" || len(got.Values("X-Request-Id")) != 1 || !uuid.MatchString(got.Get("X-Request-Id")) {
			t.Errorf("%d %v", status, got)
		}
	})
}

func TestLog(t *testing.T) {
	origin := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/missing" {
			w.WriteHeader(404)
		}
		fmt.Fprint(w, "hello")
	})

	t.Run("each request is one line with the documented fields, to both receivers", func(t *testing.T) {
		t.Parallel()
		ids := make(chan string, 10)
		h := newHost(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ids <- r.Header.Get("X-Request-Id")
			origin(w, r)
		}), nil)
		h.start()
		sync1(t, h.edge(), keys(entry("sfk_a_b", 1001, "graphql", "k1")))
		h.get("/v1/a?token=secret", "sfk_a_b")
		h.get("/missing", "sfk_a_b")
		h.get("/nobody", "")
		h.get(`/caf%C3%A9/"x"\y`, "sfk_a_b")
		lines, copies := h.logs[0].next(t, 4), h.logs[1].next(t, 4)
		for i, want := range []line{
			{C: "1001", S: "graphql", K: "k1", St: 200, Be: "service_graphql", Sv: "origin", P: "/v1/a"},
			{C: "1001", S: "graphql", K: "k1", St: 404, Be: "service_graphql", Sv: "origin", P: "/missing"},
			{C: "-", S: "-", K: "-", St: 401, Be: "api", Sv: "<NOSRV>", P: "/nobody"},
			{C: "1001", S: "graphql", K: "k1", St: 200, Be: "service_graphql", Sv: "origin", P: `/caf%C3%A9/%22x%22%5Cy`},
		} {
			got := lines[i]
			if copies[i] != got {
				t.Errorf("the receivers differ: %+v and %+v", got, copies[i])
			}
			if got.V != 1 || !uuid.MatchString(got.ID) || time.Since(time.UnixMicro(got.T)).Abs() > time.Minute || got.Bo < 100 || got.Bi < 50 || got.IP != "127.0.0.1" || len(got.Ts) != 4 || got.M != "GET" {
				t.Errorf("got %+v", got)
			}
			if want.Sv == "origin" {
				if id := <-ids; id != got.ID {
					t.Errorf("the origin saw request %s, the log %s", id, got.ID)
				}
			}
			want.V, want.ID, want.T, want.M, want.Bo, want.Bi, want.D, want.Tr, want.Ts, want.IP = got.V, got.ID, got.T, got.M, got.Bo, got.Bi, got.D, got.Tr, got.Ts, got.IP
			if got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		}
		h.dashboard("GET", "/") // is not the customers' traffic: no line
		select {
		case text := <-h.logs[0].lines:
			t.Errorf("the dashboard is logged: %s", text)
		case <-time.After(200 * time.Millisecond):
		}
	})

	t.Run("hostile requests make lines that parse", func(t *testing.T) {
		t.Parallel()
		h := newHost(t, origin, nil)
		h.start()
		sync1(t, h.edge(), keys(entry("sfk_a_b", 1001, "seal", "k1")))
		raw := []string{
			"GET / HTTP/9.9\r\n\r\n",
			"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
			"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
			"A\"B{}C /x HTTP/1.1\r\nHost: x\r\n\r\n",
			"GET http://evil.example/abs?q=1 HTTP/1.1\r\nHost: evil.example\r\nX-API-Key: sfk_a_b\r\nConnection: close\r\n\r\n",
			"GET /" + strings.Repeat("a", 7000) + " HTTP/1.1\r\nHost: x\r\nX-API-Key: sfk_a_b\r\nConnection: close\r\n\r\n",
			"OPTIONS * HTTP/1.1\r\nHost: x\r\nX-API-Key: sfk_a_b\r\nConnection: close\r\n\r\n",
			`GET /"},{"c":"1002 HTTP/1.1` + "\r\nHost: x\r\nX-API-Key: sfk_a_b\r\nConnection: close\r\n\r\n",
		}
		for _, text := range raw {
			conn, err := net.Dial("tcp", h.api)
			if err != nil {
				t.Fatal(err)
			}
			_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
			_, _ = io.WriteString(conn, text)
			_, _ = io.Copy(io.Discard, conn)
			conn.Close()
		}
		for i, got := range h.logs[0].next(t, len(raw)) {
			if got.C != "-" && got.C != "1001" {
				t.Errorf("%.60q was logged for customer %s", raw[i], got.C)
			}
			switch i {
			case 4:
				if got.P != "/abs" {
					t.Errorf("absolute URI: %+v", got)
				}
			case 5:
				if len(got.P) != 2048 || got.St != 200 {
					t.Errorf("long path: %d bytes, %+v", len(got.P), got.St)
				}
			case 7:
				if got.P != `/"},{"c":"1002` {
					t.Errorf("quotes: %q", got.P)
				}
			}
		}
	})

	t.Run("gRPC's HTTP/2 passes on both sides, and its path is logged like any other", func(t *testing.T) {
		t.Parallel()
		h2c := new(http.Protocols)
		h2c.SetUnencryptedHTTP2(true)
		address := free(t)
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		server := &http.Server{Protocols: h2c, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Trailer", "Grpc-Status")
			_, _ = io.Copy(w, r.Body)
			w.Header().Set("Grpc-Status", "0")
		})}
		go func() { _ = server.Serve(l) }()
		t.Cleanup(func() { server.Close() })
		h := newHost(t, origin, map[string]string{"EDGE_ORIGIN_GRPC": address, "EDGE_ORIGIN_GRPC_H2": "1"})
		h.start()
		sync1(t, h.edge(), keys(entry("sfk_a_b", 1001, "grpc", "k1")))
		req, _ := http.NewRequest("POST", "http://"+h.api+"/sui.rpc.v2.LedgerService/GetObject?x", strings.NewReader("ping"))
		req.Header.Set("X-API-Key", "sfk_a_b")
		req.Header.Set("Te", "trailers")
		transport := &http.Transport{Protocols: h2c}
		defer transport.CloseIdleConnections()
		res, err := transport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil || string(body) != "ping" || res.ProtoMajor != 2 || res.Trailer.Get("Grpc-Status") != "0" {
			t.Fatalf("%v %q %s %v", err, body, res.Proto, res.Trailer)
		}
		if got := h.logs[0].next(t, 1)[0]; got.P != "/sui.rpc.v2.LedgerService/GetObject" || got.S != "grpc" || got.M != "POST" || got.St != 200 {
			t.Fatalf("got %+v", got)
		}
	})

	t.Run("lines wait in the ring while a receiver is away, and the other has them at once", func(t *testing.T) {
		t.Parallel()
		h := newHost(t, origin, nil)
		h.start()
		sync1(t, h.edge(), keys(entry("sfk_a_b", 1001, "seal", "k1")))
		h.get("/first", "sfk_a_b")
		h.logs[0].next(t, 1)
		h.logs[1].next(t, 1)
		h.logs[0].stop()
		const n = 500
		for range n {
			if status, _ := h.get("/", "sfk_a_b"); status != 200 {
				t.Fatal(status)
			}
		}
		there := h.logs[1].next(t, n)
		back := receive(t, h.logs[0].address)
		got := map[string]bool{}
		for _, l := range back.next(t, n-1) { // the first line after the end may die in the old connection
			got[l.ID] = true
		}
		missing := 0
		for _, l := range there {
			if !got[l.ID] {
				missing++
			}
		}
		if missing > 1 {
			t.Fatalf("%d of %d lines are missing at the receiver that was away", missing, n)
		}
	})
}

// dashboard asks the dashboard frontend.
func (h *host) dashboard(method, path string, headers ...string) (int, string) {
	h.t.Helper()
	req, err := http.NewRequest(method, "http://"+h.dash+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	return h.do(req)
}

// replica stands in for suiftly: ready until drained, then closed.
type replica struct {
	address  string
	server   *http.Server
	draining atomic.Bool
	served   atomic.Int64
	posts    sync.Map // request id -> how often
}

func startReplica(t *testing.T, address string) *replica {
	t.Helper()
	r := &replica{address: address}
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	r.server = &http.Server{Handler: r}
	go func() { _ = r.server.Serve(l) }()
	t.Cleanup(func() { r.server.Close() })
	return r
}

func (r *replica) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if req.URL.Path == "/readyz" {
		if r.draining.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		return
	}
	r.served.Add(1)
	if req.URL.Path == "/dies" {
		if _, twice := r.posts.LoadOrStore(req.Header.Get("X-Request-Id"), true); twice {
			panic("the same request twice at one replica")
		}
		conn, _, _ := w.(http.Hijacker).Hijack()
		conn.Close()
		return
	}
	time.Sleep(2 * time.Millisecond)
	fmt.Fprint(w, req.Header.Get("X-Forwarded-For"), " ", req.Header.Get("X-Forwarded-Proto"))
}

func TestDashboard(t *testing.T) {
	setup := func(t *testing.T, n int) (*host, []*replica) {
		t.Parallel()
		env := map[string]string{}
		replicas := make([]*replica, n)
		for i := range replicas {
			replicas[i] = startReplica(t, free(t))
			env[fmt.Sprint("EDGE_REPLICA_", i+1)] = replicas[i].address
		}
		h := newHost(t, plain, env)
		h.start()
		return h, replicas
	}

	t.Run("a replica that stops under load fails no request, GET or POST, and comes back", func(t *testing.T) {
		h, replicas := setup(t, 3)
		ctx, cancel := context.WithCancel(t.Context())
		var asked, failed atomic.Int64
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() {
				for ctx.Err() == nil {
					method := "GET"
					if i%2 == 0 {
						method = "POST"
					}
					asked.Add(1)
					if status, body := h.dashboard(method, "/work"); status != 200 {
						failed.Add(1)
						t.Errorf("%s: %d %.80s", method, status, body)
					}
				}
			})
		}
		for round := range 2 {
			r := replicas[round]
			eventually(t, 5*time.Second, "the replica gets work", func() bool { return r.served.Load() > 20 })
			r.draining.Store(true)
			eventually(t, 5*time.Second, "HAProxy takes the draining replica out", func() bool {
				return strings.Contains(runtime(t, h, "show servers state replicas"), fmt.Sprintf("replica%d 127.0.0.1 0", round+1))
			})
			if err := r.server.Shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}
			replicas[round] = startReplica(t, r.address)
			eventually(t, 10*time.Second, "the new process gets work", func() bool { return replicas[round].served.Load() > 20 })
		}
		cancel()
		wg.Wait()
		t.Logf("%d requests, %d failed", asked.Load(), failed.Load())
	})

	t.Run("a killed replica costs no GET; a POST it may have begun is not repeated", func(t *testing.T) {
		h, replicas := setup(t, 2)
		eventually(t, 5*time.Second, "both replicas are up", func() bool {
			h.dashboard("GET", "/")
			return replicas[0].served.Load() > 0 && replicas[1].served.Load() > 0
		})
		before := replicas[0].served.Load() + replicas[1].served.Load()
		// On a connection of its own: HAProxy ends a kept one without an answer, and leaves the retry to the client.
		http.DefaultClient.CloseIdleConnections()
		if status, _ := h.dashboard("POST", "/dies"); status != 502 || replicas[0].served.Load()+replicas[1].served.Load() != before+1 {
			t.Errorf("POST: %d after %d tries", status, replicas[0].served.Load()+replicas[1].served.Load()-before)
		}
		replicas[0].server.Close() // refuses connections from now on; HAProxy does not know yet
		for range 50 {
			for _, method := range []string{"GET", "POST"} {
				if status, body := h.dashboard(method, "/"); status != 200 {
					t.Fatalf("%s: %d %.80s", method, status, body)
				}
			}
		}
	})

	t.Run("the client's address is set, not believed", func(t *testing.T) {
		h, _ := setup(t, 1)
		var body string
		eventually(t, 5*time.Second, "the replica is up", func() bool {
			var status int
			status, body = h.dashboard("GET", "/", "X-Forwarded-For", "6.6.6.6", "X-Forwarded-Proto", "https")
			return status == 200
		})
		if body != "127.0.0.1 http" {
			t.Fatalf("got %s", body)
		}
	})

	t.Run("with no replica a person gets a page and a program a problem", func(t *testing.T) {
		h, replicas := setup(t, 1)
		replicas[0].server.Close()
		eventually(t, 5*time.Second, "HAProxy sees that none is left", func() bool {
			status, body := h.dashboard("GET", "/services")
			return status == 503 && strings.HasPrefix(body, "<!doctype html>")
		})
		status, body := h.dashboard("GET", "/api/v1/services")
		if status != 503 || !json.Valid([]byte(body)) || !strings.Contains(body, "edge.unavailable") {
			t.Fatalf("got %d %s", status, body)
		}
	})
}
