package edge_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"suiftly/internal/demo"
	"suiftly/internal/edge"
)

const configFile = "../../deploy/haproxy.cfg"

// host is a machine with a real HAProxy that runs deploy/haproxy.cfg, on loopback.
type host struct {
	t         *testing.T
	env       map[string]string
	proxy     *demo.Child
	api, dash string // addresses
	config    edge.Config
	logs      []*receiver
}

// newHost prepares a machine; start starts its HAProxy. origin serves all services.
func newHost(t *testing.T, origin http.Handler, env map[string]string) *host {
	t.Helper()
	dir, err := os.MkdirTemp("", "edge") // t.TempDir is too long for a unix socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	h := &host{
		t: t, api: free(t), dash: free(t),
		config: edge.Config{HAProxySocket: filepath.Join(dir, "s"), MapDir: filepath.Join(dir, "maps")},
		logs:   []*receiver{receive(t, ""), receive(t, "")},
	}
	if err := errors.Join(os.Mkdir(h.config.MapDir, 0o755), os.WriteFile(filepath.Join(h.config.MapDir, "keys.map"), nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(origin)
	t.Cleanup(server.Close)
	address := server.Listener.Addr().String()
	h.env = map[string]string{
		"EDGE_API_BIND": h.api, "EDGE_DASHBOARD_BIND": h.dash, "EDGE_SOCKET": h.config.HAProxySocket, "EDGE_MAP_DIR": h.config.MapDir,
		"EDGE_LOG_1": h.logs[0].address, "EDGE_LOG_2": h.logs[1].address,
		"EDGE_ORIGIN_SEAL": address, "EDGE_ORIGIN_GRPC": address, "EDGE_ORIGIN_GRAPHQL": address,
	}
	for k, v := range env {
		h.env[k] = v
	}
	return h
}

func (h *host) start() {
	h.t.Helper()
	var env []string
	for k, v := range h.env {
		env = append(env, k+"="+v)
	}
	config, err := filepath.Abs(configFile)
	if err != nil {
		h.t.Fatal(err)
	}
	if h.proxy, err = demo.StartHAProxy(h.t.Context(), config, env, io.Discard, h.api, h.dash); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { h.proxy.Stop(0) })
	eventually(h.t, 5*time.Second, "the runtime socket answers", func() bool {
		conn, err := net.Dial("unix", h.config.HAProxySocket)
		return err == nil && conn.Close() == nil
	})
}

func (h *host) edge() *edge.HAProxy { return edge.New(h.config, slog.New(slog.DiscardHandler)) }

// get asks the API frontend and gives status and body.
func (h *host) get(path, key string, headers ...string) (int, string) {
	h.t.Helper()
	req, err := http.NewRequest("GET", "http://"+h.api+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	if key != "" {
		req.Header.Set("X-API-Key", key)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	return h.do(req)
}

func (h *host) do(req *http.Request) (int, string) {
	h.t.Helper()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func free(t *testing.T) string {
	t.Helper()
	address, err := demo.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// receiver is a log receiver: octet-counted syslog over TCP (RFC 6587, 3.4.1).
type receiver struct {
	address string
	lines   chan string
	stop    func()
}

func receive(t *testing.T, address string) *receiver {
	t.Helper()
	if address == "" {
		address = free(t)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	r := &receiver{address: address, lines: make(chan string, 10_000)}
	ctx, cancel := context.WithCancel(context.Background())
	r.stop = func() { cancel(); l.Close() }
	t.Cleanup(r.stop)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			context.AfterFunc(ctx, func() { conn.Close() })
			go func() {
				defer conn.Close()
				in := bufio.NewReader(conn)
				for {
					count, err := in.ReadString(' ')
					if err != nil {
						return
					}
					n, err := strconv.Atoi(strings.TrimSpace(count))
					line := make([]byte, n)
					if err != nil {
						return
					}
					if _, err := io.ReadFull(in, line); err != nil {
						return
					}
					r.lines <- string(line)
				}
			}()
		}
	}()
	return r
}

// line is the JSON of deploy/haproxy.cfg's log-format.
type line struct {
	V          int
	ID         string
	T          int64
	C, S, K, M string
	St         int
	Bo, Bi     int64
	D, Tr      int64
	Ts, IP     string
	Be, Sv, P  string
}

// next gives the next n lines, checked for being strict JSON with exactly the documented fields in order.
func (r *receiver) next(t *testing.T, n int) (lines []line) {
	t.Helper()
	for range n {
		select {
		case text := <-r.lines:
			header, body, ok := strings.Cut(text, " - - {")
			if !ok || !strings.HasPrefix(header, "<134>1 ") {
				t.Fatalf("not RFC 5424 of local0.info: %q", text)
			}
			lines = append(lines, decode(t, "{"+strings.TrimRight(body, "\n")))
		case <-time.After(5 * time.Second):
			t.Fatalf("%d of %d lines came", len(lines), n)
		}
	}
	return lines
}

func decode(t *testing.T, text string) (l line) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	var order []string
	d = json.NewDecoder(strings.NewReader(text))
	for token, err := d.Token(); err == nil; token, err = d.Token() {
		if name, ok := token.(string); ok {
			order = append(order, name)
			_, _ = d.Token()
		}
	}
	if want := []string{"v", "id", "t", "c", "s", "k", "m", "st", "bo", "bi", "d", "tr", "ts", "ip", "be", "sv", "p"}; !slices.Equal(order, want) {
		t.Fatalf("fields %v in %s", order, text)
	}
	return l
}

// eventually waits until ok, by asking again and again.
func eventually(t *testing.T, within time.Duration, what string, ok func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	for !ok() {
		if time.Since(began) > within {
			t.Fatalf("not within %s: %s", within, what)
		}
		time.Sleep(5 * time.Millisecond)
	}
	return time.Since(began)
}

func entry(key string, customer int, service, id string) string {
	return fmt.Sprintf("%s %d:%s:%s\n", sha256hex(key), customer, service, id)
}
