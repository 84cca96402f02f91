package edge_test

import (
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
		// HAProxy's threads log side by side: the lines come in any order.
		var absolute, long, quotes int
		for _, got := range h.logs[0].next(t, len(raw)) {
			if got.C != "-" && got.C != "1001" {
				t.Errorf("logged for customer %s: %+.200v", got.C, got)
			}
			switch {
			case got.P == "/abs":
				absolute++
			case len(got.P) == 2048 && got.St == 200:
				long++
			case got.P == `/"},{"c":"1002`:
				quotes++
			}
		}
		if absolute != 1 || long != 1 || quotes != 1 {
			t.Errorf("%d lines of the absolute URI, %d of the long path, %d of the one with quotes", absolute, long, quotes)
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
		there := map[string]bool{}
		for _, l := range h.logs[1].next(t, n) {
			there[l.ID] = true
		}
		if len(there) != n {
			t.Fatalf("the receiver that stayed has %d of %d lines", len(there), n)
		}
		// What HAProxy wrote to the dead connection before it noticed is gone here: syslog knows no acknowledgement.
		const inFlight = 50
		for _, l := range receive(t, h.logs[0].address).next(t, n-inFlight) {
			if !there[l.ID] {
				t.Errorf("a line that the other receiver has not: %+v", l)
			}
		}
	})
}
