package services

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"suiftly/internal/customer"
	"suiftly/internal/demo"
	"suiftly/internal/edge"
)

func TestEdgeMaps(t *testing.T) {
	t.Run("keys that may pass are granted, others are told why, the same bytes each time", func(t *testing.T) {
		m, ctx := setup(t)
		must[Configuration](t)(m.Save(ctx, alice, "seal", 0, pro()))
		must[Configuration](t)(m.Save(ctx, bob, "grpc", 0, map[string]any{"tier": "starter"}))
		a, keyA, err := m.CreateKey(ctx, alice, "seal", "a")
		if err != nil {
			t.Fatal(err)
		}
		b, keyB, err := m.CreateKey(ctx, bob, "grpc", "b")
		if err != nil {
			t.Fatal(err)
		}
		keyLineA, keyLineB := " 1001:seal:"+a.ID, " 1002:grpc:"+b.ID
		lineA, lineB := hashKey(keyA)+keyLineA+"::1100:2200:70000:any\n", hashKey(keyB)+keyLineB+"::110:110:0:any\n"
		refused := func(key, whose, why string) string { return "refused/" + hashKey(key) + whose + ":" + why + "\n" }
		exported := func(what string, want ...string) EdgeMaps {
			t.Helper()
			e := must[EdgeMaps](t)(m.EdgeMaps(ctx))
			got := e.Maps[KeysMap]
			for _, line := range want {
				if !strings.Contains(got, line) {
					t.Errorf("%s: %q is missing in %q", what, line, got)
				}
			}
			if strings.Count(got, "\n") != len(want) {
				t.Errorf("%s: got %q", what, got)
			}
			return e
		}
		step := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		exported("nothing enabled", refused(keyA, keyLineA, "disabled"), refused(keyB, keyLineB, "disabled"))
		must[Configuration](t)(m.Enable(ctx, alice, "seal"))
		must[Configuration](t)(m.Enable(ctx, bob, "grpc"))
		both := exported("both enabled", lineA, lineB)
		if again := exported("asked again", lineA, lineB); again.Version != both.Version || again.Maps[KeysMap] != both.Maps[KeysMap] {
			t.Error("the same database exported something else")
		}
		step(m.Suspend(ctx, m.kit.DB, bob, "nonpayment"))
		if one := exported("bob suspended", lineA, refused(keyB, keyLineB, "nonpayment")); one.Version == both.Version {
			t.Error("other maps have the same version")
		}
		must[Configuration](t)(m.Disable(ctx, alice, "seal"))
		exported("alice disabled too", refused(keyA, keyLineA, "disabled"), refused(keyB, keyLineB, "nonpayment"))
		step(m.Resume(ctx, m.kit.DB, bob, "nonpayment"))
		exported("bob paid", lineB, refused(keyA, keyLineA, "disabled"))
		must[Configuration](t)(m.Enable(ctx, alice, "seal"))
		step(m.RevokeKey(ctx, bob, b.ID))
		exported("bob's key revoked", lineA)
	})

	t.Run("whatever changes the maps raises the revision, and nothing else does", func(t *testing.T) {
		m, ctx := setup(t)
		revision := must[int64](t)(edgeRevision(ctx, m.kit.DB))
		rises := func(what string, want bool, err error) {
			t.Helper()
			now := must[int64](t)(edgeRevision(ctx, m.kit.DB))
			if err != nil || (now > revision) != want {
				t.Errorf("%s: revision %d after %d, %v", what, now, revision, err)
			}
			revision = now
		}
		_, err := m.Save(ctx, alice, "seal", 0, pro())
		rises("a save", true, err)
		_, err = m.Enable(ctx, alice, "seal")
		rises("enabling", true, err)
		k, _, err := m.CreateKey(ctx, alice, "seal", "a")
		rises("a new key", true, err)
		rises("a suspension", true, m.Suspend(ctx, m.kit.DB, alice, "nonpayment"))
		rises("its end", true, m.Resume(ctx, m.kit.DB, alice, "nonpayment"))
		rises("a revocation", true, m.RevokeKey(ctx, alice, k.ID))
		_, err = m.Disable(ctx, alice, "seal")
		rises("disabling", true, err)
	})
}

func TestRun(t *testing.T) {
	t.Run("changes are live in a real HAProxy within seconds, over its restart and a database that is away", func(t *testing.T) {
		m, ctx := setup(t)
		dir, err := os.MkdirTemp("", "edge") // t.TempDir is too long for a unix socket
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.RemoveAll(dir) })
		origin := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		t.Cleanup(origin.Close)
		api, dash := must[string](t)(demo.FreeAddress()), must[string](t)(demo.FreeAddress())
		config := edge.Config{HAProxySocket: filepath.Join(dir, "s"), MapDir: dir}
		start := func() *demo.Child {
			t.Helper()
			file := must[string](t)(filepath.Abs("../../deploy/haproxy.cfg"))
			h, err := demo.StartHAProxy(t.Context(), file, []string{
				"EDGE_API_BIND=" + api, "EDGE_DASHBOARD_BIND=" + dash, "EDGE_SOCKET=" + config.HAProxySocket, "EDGE_MAP_DIR=" + dir,
				"EDGE_ORIGIN_SEAL=" + origin.Listener.Addr().String(),
			}, io.Discard, api)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { h.Stop(0) })
			return h
		}
		m.haproxy = edge.New(config, slog.New(slog.DiscardHandler))
		live := make(chan string, 1)
		m.applied = func(version string) {
			select {
			case live <- version:
			default:
			}
		}
		running, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- m.Run(running) }()
		t.Cleanup(func() {
			stop()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})

		must[Configuration](t)(m.Save(ctx, alice, "seal", 0, pro()))
		must[Configuration](t)(m.Enable(ctx, alice, "seal"))
		k, key, err := m.CreateKey(ctx, alice, "seal", "a")
		if err != nil {
			t.Fatal(err)
		}
		// The file comes first, also while HAProxy is not there yet: it does not start without one.
		waitFor(t, "the file has the key", func() bool {
			text, err := os.ReadFile(filepath.Join(dir, KeysMap))
			return err == nil && strings.Contains(string(text), k.ID)
		})
		haproxy := start()
		status := func() int { return ask(t, api, key) }
		if got := status(); got != 200 {
			t.Fatalf("a key from the file gets %d", got)
		}
		<-live
		waitFor(t, "the replica says what its HAProxy holds", func() bool {
			state, err := m.edgeState(ctx, alice)
			return err == nil && *state == EdgeState{Live: 1, Of: 1}
		})
		if _, edges, err := m.Edges(ctx); err != nil || len(edges) != 1 || edges[0].Edge != m.haproxy.Name() || !strings.HasPrefix(edges[0].HAProxyVersion, "2.") {
			t.Errorf("%+v %v", edges, err)
		}
		within := func(what string, want int) {
			t.Helper()
			began := time.Now()
			waitFor(t, what, func() bool { return status() == want })
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("%s took %s", what, took)
			}
		}
		if err := m.Suspend(ctx, m.kit.DB, alice, "nonpayment"); err != nil {
			t.Fatal(err)
		}
		within("a suspended customer is refused", 402)
		if err := m.Resume(ctx, m.kit.DB, alice, "nonpayment"); err != nil {
			t.Fatal(err)
		}
		within("a resumed customer passes", 200)
		haproxy.Stop(0)
		if err := m.RevokeKey(ctx, alice, k.ID); err != nil {
			t.Fatal(err)
		}
		start()
		within("a key revoked while HAProxy was away is refused", 401)
	})

	t.Run("without a HAProxy it waits for the end", func(t *testing.T) {
		m, ctx := setup(t)
		ctx, stop := context.WithCancel(customer.With(ctx, customer.Identity{}))
		stop()
		if err := m.Run(ctx); err != nil {
			t.Fatal(err)
		}
	})
}

func ask(t *testing.T, api, key string) int {
	t.Helper()
	req, err := http.NewRequest("GET", "http://"+api+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-API-Key", key)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}

// waitFor asks until ok, at most 20 s: other packages' tests share the machine.
func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for began := time.Now(); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > 20*time.Second {
			t.Fatalf("did not happen: %s", what)
		}
	}
}
