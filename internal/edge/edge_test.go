package edge_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"suiftly/internal/edge"
)

func sha256hex(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

var plain = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "%s %s %s", r.Header.Get("X-Suiftly-Customer"), r.Header.Get("X-Suiftly-Service"), r.Header.Get("X-Suiftly-Key"))
})

func keys(entries ...string) map[string]string {
	return map[string]string{"keys.map": strings.Join(entries, "")}
}

func TestSync(t *testing.T) {
	t.Run("a key works as soon as it is in the map and stops when it is gone, without a reload", func(t *testing.T) {
		t.Parallel()
		h := newHost(t, plain, nil)
		h.start()
		e := h.edge()
		pid := h.proxy.PID()
		if status, _ := h.get("/", "sfk_a_b"); status != 401 {
			t.Fatalf("before: %d", status)
		}
		sync1(t, e, keys(entry("sfk_a_b", 1001, "seal", "a"), entry("sfk_c_d", 1002, "grpc", "c")))
		for key, want := range map[string]string{"sfk_a_b": "1001 seal a", "sfk_c_d": "1002 grpc c"} {
			if status, body := h.get("/", key); status != 200 || body != want {
				t.Fatalf("%s: %d %s", key, status, body)
			}
		}
		sync1(t, e, keys(entry("sfk_c_d", 1002, "grpc", "c")))
		if status, _ := h.get("/", "sfk_a_b"); status != 401 {
			t.Fatalf("revoked: %d", status)
		}
		sync1(t, e, keys())
		if lines, err := e.Read(t.Context(), "keys.map"); err != nil || len(lines) != 0 || h.proxy.PID() != pid {
			t.Fatalf("got %v, %v", lines, err)
		}
	})

	t.Run("a restarted HAProxy has the newest map from the file", func(t *testing.T) {
		t.Parallel()
		h := newHost(t, plain, nil)
		h.start()
		e := h.edge()
		sync1(t, e, keys(entry("k", 1, "seal", "a")))
		h.proxy.Stop(0)
		if err := e.Sync(t.Context(), keys(entry("k", 1, "seal", "a"), entry("l", 2, "seal", "b"))); !errors.Is(err, edge.ErrUnreachable) {
			t.Fatalf("got %v", err)
		}
		h.start()
		if status, _ := h.get("/", "l"); status != 200 {
			t.Fatal("the change made while HAProxy was away is missing")
		}
	})

	t.Run("what somebody else did to HAProxy's map or to the file is repaired", func(t *testing.T) {
		t.Parallel()
		h := newHost(t, plain, nil)
		h.start()
		e := h.edge()
		want := keys(entry("k", 1, "seal", "a"))
		sync1(t, e, want)
		path := filepath.Join(h.config.MapDir, "keys.map")
		for name, spoil := range map[string]func(){
			"an emptied map": func() { runtime(t, h, "clear map "+path) },
			"a smuggled key": func() { runtime(t, h, "add map "+path+" "+sha256hex("evil")+" 1:seal:x") },
			"an empty file and a restart": func() {
				h.proxy.Stop(0)
				if err := os.WriteFile(path, nil, 0o644); err != nil {
					t.Fatal(err)
				}
				h.start()
			},
		} {
			spoil()
			sync1(t, e, want)
			if a, _ := h.get("/", "k"); a != 200 {
				t.Errorf("%s: the key gets %d", name, a)
			}
			if a, _ := h.get("/", "evil"); a != 401 {
				t.Errorf("%s: the smuggled key gets %d", name, a)
			}
		}
		if file, err := os.ReadFile(path); err != nil || string(file) != want["keys.map"] {
			t.Errorf("the file is %q, %v", file, err)
		}
	})

	t.Run("nothing to do is one question to HAProxy and no new version", func(t *testing.T) {
		t.Parallel()
		h := newHost(t, plain, nil)
		h.start()
		e := h.edge()
		want := keys(entry("k", 1, "seal", "a"))
		sync1(t, e, want)
		before := runtime(t, h, "show map")
		for range 20 {
			sync1(t, e, want)
		}
		sync1(t, h.edge(), want) // another replica on this host
		if after := runtime(t, h, "show map"); after != before {
			t.Fatalf("before %s\nafter %s", before, after)
		}
	})

	t.Run("20,000 keys change under load and no request of a kept key fails", func(t *testing.T) {
		t.Parallel()
		h := newHost(t, plain, nil)
		h.start()
		e := h.edge()
		kept := entry("kept", 7, "seal", "kept")
		many := func(from int) map[string]string {
			entries := []string{kept}
			for i := range 20_000 {
				entries = append(entries, entry(fmt.Sprint("key", from+i), from+i, "grpc", fmt.Sprint("id", from+i)))
			}
			return keys(entries...)
		}
		sync1(t, e, many(0))
		var asked, failed atomic.Int64
		stop := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				asked.Add(1)
				time.Sleep(time.Millisecond) // leave HAProxy some of a small machine
				if status, _ := h.get("/", "kept"); status != 200 {
					failed.Add(1)
				}
			}
		})
		for round := range 3 {
			began := time.Now()
			sync1(t, e, many(1000*(round+1)))
			t.Logf("20,000 keys in %s", time.Since(began))
		}
		close(stop)
		wg.Wait()
		if failed.Load() > 0 || asked.Load() < 3 {
			t.Fatalf("%d of %d failed", failed.Load(), asked.Load())
		}
		if lines, err := e.Read(t.Context(), "keys.map"); err != nil || len(lines) != 20_001 {
			t.Fatalf("%d lines, %v", len(lines), err)
		}
	})

	t.Run("two replicas that apply at once end with the newest map", func(t *testing.T) {
		t.Parallel()
		h := newHost(t, plain, nil)
		h.start()
		replicas := []*edge.HAProxy{h.edge(), h.edge()}
		for round := range 20 {
			want := keys(entry(fmt.Sprint("k", round), round+1, "seal", "a"))
			var wg sync.WaitGroup
			for _, e := range replicas {
				// One of two that commit in the wrong order is told so by HAProxy; its next look sets it right.
				wg.Go(func() { _ = e.Sync(t.Context(), want) })
			}
			wg.Wait()
			sync1(t, replicas[round%2], want)
			if status, _ := h.get("/", fmt.Sprint("k", round)); status != 200 {
				t.Fatalf("round %d: %d", round, status)
			}
		}
		if rest, _ := filepath.Glob(filepath.Join(h.config.MapDir, ".*")); len(rest) > 0 {
			t.Fatalf("left behind: %v", rest)
		}
	})

	t.Run("a full or missing folder does not keep a revoked key alive", func(t *testing.T) {
		t.Parallel()
		h := newHost(t, plain, nil)
		h.start()
		e := h.edge()
		sync1(t, e, keys(entry("k", 1, "seal", "a")))
		if err := os.Rename(h.config.MapDir, h.config.MapDir+".gone"); err != nil {
			t.Fatal(err)
		}
		if err := e.Sync(t.Context(), keys()); !errors.Is(err, os.ErrNotExist) {
			t.Fatalf("got %v", err)
		}
		if status, _ := h.get("/", "k"); status != 401 {
			t.Fatalf("got %d", status)
		}
	})
}

func TestRefusals(t *testing.T) {
	t.Run("a map that HAProxy does not have is named, with those it has", func(t *testing.T) {
		t.Parallel()
		h := newHost(t, plain, nil)
		h.start()
		err := h.edge().Sync(t.Context(), map[string]string{"other.map": "a b\n"})
		if !errors.Is(err, edge.ErrNoMap) || !strings.Contains(err.Error(), "keys.map") {
			t.Fatalf("got %v", err)
		}
	})
	for _, content := range []string{"a", "a\n", " b\n", "a \n", "a b", "a b\n\n", "a b\nc d\r\n", "# b\n", "a b\x00\n", strings.Repeat("x", 13000) + " y\n"} {
		t.Run(fmt.Sprintf("%.12q does not reach the socket", content), func(t *testing.T) {
			e := edge.New(edge.Config{HAProxySocket: "/nowhere", MapDir: t.TempDir()}, slog.New(slog.DiscardHandler))
			if err := e.Sync(t.Context(), map[string]string{"keys.map": content}); err == nil || errors.Is(err, edge.ErrUnreachable) {
				t.Fatalf("got %v", err)
			}
		})
	}
	t.Run("a socket that never answers gives up in time", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "s")
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		e := edge.New(edge.Config{HAProxySocket: path, MapDir: t.TempDir()}, slog.New(slog.DiscardHandler))
		if err := e.Sync(ctx, keys()); !errors.Is(err, edge.ErrUnreachable) {
			t.Fatalf("got %v", err)
		}
	})
}

func TestConfig(t *testing.T) {
	for name, c := range map[string]struct {
		config edge.Config
		want   string
	}{
		"neither":           {edge.Config{}, ""},
		"both":              {edge.Config{HAProxySocket: "/run/s", MapDir: "/var/maps"}, ""},
		"no map folder":     {edge.Config{HAProxySocket: "/run/s"}, "edge: "},
		"a relative path":   {edge.Config{HAProxySocket: "/run/s", MapDir: "maps"}, "edge.map_dir: "},
		"a path with blank": {edge.Config{HAProxySocket: "/run/a b", MapDir: "/maps"}, "edge.haproxy_socket: "},
	} {
		t.Run(name, func(t *testing.T) {
			problems := c.config.Validate()
			if (c.want == "") != (len(problems) == 0) || len(problems) > 0 && !strings.HasPrefix(problems[0].Error(), c.want) {
				t.Fatalf("got %v", problems)
			}
		})
	}
	t.Run("no socket, no HAProxy", func(t *testing.T) {
		if e := edge.New(edge.DefaultConfig(), slog.New(slog.DiscardHandler)); e != nil {
			t.Fatal(e)
		}
	})
}

func sync1(t *testing.T, e *edge.HAProxy, files map[string]string) {
	t.Helper()
	if err := e.Sync(t.Context(), files); err != nil {
		t.Fatal(err)
	}
}

var pointers = regexp.MustCompile(`0x[0-9a-f]+`)

// runtime runs a command at HAProxy's socket as an operator would.
func runtime(t *testing.T, h *host, command string) string {
	t.Helper()
	conn, err := net.Dial("unix", h.config.HAProxySocket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = conn.Write([]byte(command + "\n"))
	var b strings.Builder
	buffer := make([]byte, 4096)
	for {
		n, err := conn.Read(buffer)
		b.Write(buffer[:n])
		if err != nil {
			return pointers.ReplaceAllString(b.String(), "0x")
		}
	}
}

func TestAgents(t *testing.T) {
	t.Parallel()
	// printf %s token-of-fra-1 | sha256sum
	digest := fmt.Sprintf("%x", sha256.Sum256([]byte("token-of-fra-1")))
	c := edge.Config{Agents: []edge.Agent{{Name: "fra-1", TokenSHA256: digest}, {Name: "ams-1", TokenSHA256: strings.Repeat("a", 64)}}}
	if problems := c.Validate(); problems != nil {
		t.Fatal(problems)
	}
	if name, ok := c.Agent("token-of-fra-1"); !ok || name != "fra-1" {
		t.Errorf("%q %v", name, ok)
	}
	for _, token := range []string{"", "token-of-ams-1", digest} {
		if name, ok := c.Agent(token); ok {
			t.Errorf("%q is taken for %q", token, name)
		}
	}
	empty := fmt.Sprintf("%x", sha256.Sum256(nil))
	for key, agents := range map[string][]edge.Agent{
		"agents[0].name":         {{Name: "Fra 1", TokenSHA256: digest}},
		"agents[1].name":         {{Name: "fra-1", TokenSHA256: digest}, {Name: "fra-1", TokenSHA256: strings.Repeat("a", 64)}},
		"agents[0].token_sha256": {{Name: "fra-1", TokenSHA256: empty}},
		"agents[1].token_sha256": {{Name: "fra-1", TokenSHA256: digest}, {Name: "ams-1", TokenSHA256: strings.ToUpper(digest)}},
	} {
		problems := edge.Config{Agents: agents}.Validate()
		if len(problems) != 1 || !strings.Contains(problems[0].Error(), "edge."+key) {
			t.Errorf("%s: %v", key, problems)
		}
	}
}
