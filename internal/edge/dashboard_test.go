package edge_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

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
