package services

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"suiftly/internal/pgtest"
)

// agentAt gives what an agent gets: the status, the ETag and the body.
func agentAt(t *testing.T, url, name string) func(method, path, have, body string) (int, string, map[string]any) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	return func(method, path, have, body string) (int, string, map[string]any) {
		t.Helper()
		req, err := http.NewRequest(method, url+path, strings.NewReader(body))
		if err != nil {
			t.Error(err)
			return 0, "", nil
		}
		req.Header.Set("Authorization", "Bearer "+name)
		req.Header.Set("Content-Type", "application/json")
		if have != "" {
			req.Header.Set("If-None-Match", have)
		}
		res, err := client.Do(req)
		if err != nil {
			t.Error(err)
			return 0, "", nil
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Error(err)
		}
		var out map[string]any
		if len(text) > 0 {
			if err := json.Unmarshal(text, &out); err != nil {
				t.Errorf("%s: %v", text, err)
			}
		}
		return res.StatusCode, res.Header.Get("ETag"), out
	}
}

func TestEdgeRoutes(t *testing.T) {
	type answer struct {
		status int
		etag   string
		out    map[string]any
	}
	// enabled gives a room whose first customer has a key that passes.
	enabled := func(t *testing.T) (*Module, APIKey) {
		m, ctx := setup(t)
		must[Configuration](t)(m.Save(ctx, alice, "seal", 0, pro()))
		must[Configuration](t)(m.Enable(ctx, alice, "seal"))
		k, _, err := m.CreateKey(ctx, alice, "seal", "a")
		if err != nil {
			t.Fatal(err)
		}
		return m, k
	}

	t.Run("an agent gets the files, and again only when they are others", func(t *testing.T) {
		m, k := enabled(t)
		url, _ := listen(t, m)
		agent := agentAt(t, url, "edge-1")
		status, etag, out := agent("GET", "/edge", "", "")
		files, _ := out["files"].(map[string]any)
		keys, _ := files[KeysMap].(string)
		if status != 200 || etag != `"`+out["version"].(string)+`"` || !strings.Contains(keys, k.SHA256+" 1001:seal:"+k.ID+"::1100:2200:70000:any\n") {
			t.Fatalf("%d %s %v", status, etag, out)
		}
		for _, have := range []string{etag, "W/" + etag} {
			if status, again, out := agent("GET", "/edge?wait=1s", have, ""); status != 304 || again != etag || out != nil {
				t.Errorf("%d %s %v", status, again, out)
			}
		}
		for path, want := range map[string]int{"/edge?wait=soon": 422, "/edge?wait=99999s": 422} {
			if status, _, out := agent("GET", path, etag, ""); status != want {
				t.Errorf("%s: %d %v", path, status, out)
			}
		}
		if status, _, _ := agentAt(t, url, "nobody")("GET", "/edge", "", ""); status != 401 {
			t.Errorf("a stranger: %d", status)
		}
	})

	t.Run("who waits is told of a change made through another replica, long before the wait is over", func(t *testing.T) {
		m, k := enabled(t)
		url, _ := listen(t, m)
		agent := agentAt(t, url, "edge-1")
		_, etag, _ := agent("GET", "/edge", "", "")
		told := make(chan answer, 1)
		go func() {
			status, etag, out := agent("GET", "/edge?wait=25s", etag, "")
			told <- answer{status, etag, out}
		}()
		other := New(m.kit, DefaultConfig(), nil)
		if err := other.RevokeKey(t.Context(), alice, k.ID); err != nil {
			t.Fatal(err)
		}
		a := <-told
		if a.status != 200 || a.etag == etag || strings.Contains(a.out["files"].(map[string]any)[KeysMap].(string), k.ID) {
			t.Errorf("%+v", a)
		}
	})

	t.Run("the first answer is never from memory: what another replica gave already is in it", func(t *testing.T) {
		m, k := enabled(t)
		other := New(m.kit, DefaultConfig(), nil)
		must[EdgeMaps](t)(m.EdgeMaps(t.Context()))
		for range 20 {
			if err := other.Suspend(t.Context(), m.kit.DB, alice, "nonpayment"); err != nil {
				t.Fatal(err)
			}
			from := must[EdgeMaps](t)(other.newerExport(t.Context(), "", 0, nil))
			if e := must[EdgeMaps](t)(m.newerExport(t.Context(), from.Version, 0, nil)); e.Version != from.Version {
				t.Fatalf("%s after %s", e.Version, from.Version)
			}
			if err := other.Resume(t.Context(), m.kit.DB, alice, "nonpayment"); err != nil {
				t.Fatal(err)
			}
			if e := must[EdgeMaps](t)(m.newerExport(t.Context(), from.Version, 0, nil)); !strings.Contains(e.Maps[KeysMap], k.ID) {
				t.Fatal("a resumed customer is missing")
			}
		}
	})

	t.Run("a replica that stops lets those who wait go on to another", func(t *testing.T) {
		m, _ := enabled(t)
		url, server := listen(t, m)
		agent := agentAt(t, url, "edge-1")
		_, etag, _ := agent("GET", "/edge", "", "")
		told := make(chan answer, 1)
		go func() {
			status, etag, out := agent("GET", "/edge?wait=25s", etag, "")
			told <- answer{status, etag, out}
		}()
		server.Drain()
		select {
		case a := <-told:
			if a.status != 304 {
				t.Errorf("%+v", a)
			}
		case <-time.After(20 * time.Second):
			t.Error("still waiting")
		}
	})

	t.Run("a change is live once each HAProxy heard of in the last minute holds it", func(t *testing.T) {
		m, k := enabled(t)
		now := time.Now()
		m.kit.Now = func() time.Time { return now }
		url, _ := listen(t, m)
		call := serve(t, m)
		one, two := agentAt(t, url, "edge-1"), agentAt(t, url, "edge-2")
		state := func(what string, who int, want string) {
			t.Helper()
			for _, path := range []string{"", "/api-keys", "/seal/config"} {
				status, out := call(who, "GET", path, "")
				if got, _ := json.Marshal(out["edge"]); status != 200 || string(got) != want {
					t.Errorf("%s, %s: %d %s, want %s", what, path, status, got, want)
				}
			}
		}
		ack := func(agent func(string, string, string, string) (int, string, map[string]any)) {
			t.Helper()
			_, _, out := agent("GET", "/edge", "", "")
			body, _ := json.Marshal(map[string]any{"version": out["version"], "haproxy_version": "2.6.12", "applied_at": now})
			if status, _, out := agent("POST", "/edge/ack", "", string(body)); status != 204 {
				t.Fatalf("ack: %d %v", status, out)
			}
		}
		state("no HAProxy", int(alice), `{"live":0,"of":0}`)
		ack(one)
		ack(two)
		state("both in step", int(alice), `{"live":2,"of":2}`)
		if err := m.RevokeKey(t.Context(), alice, k.ID); err != nil {
			t.Fatal(err)
		}
		state("a key is revoked", int(alice), `{"live":0,"of":2}`)
		state("another customer's change is none of bob's", int(bob), `{"live":2,"of":2}`)
		ack(one)
		state("one of two", int(alice), `{"live":1,"of":2}`)
		now = now.Add(edgeSeen + time.Second)
		ack(one)
		state("the other is gone", int(alice), `{"live":1,"of":1}`)
		for _, version := range []string{"", "x", "-1-" + strings.Repeat("a", 64), "7", "7-abc"} {
			body, _ := json.Marshal(map[string]any{"version": version, "haproxy_version": "2.6.12", "applied_at": now})
			if status, _, out := one("POST", "/edge/ack", "", string(body)); status != 422 {
				t.Errorf("version %q: %d %v", version, status, out)
			}
		}
		revision, edges, err := m.Edges(t.Context())
		if err != nil || len(edges) != 2 || edges[0].Edge != "edge-1" || edges[0].Revision != revision || edges[1].Revision >= revision || edges[0].HAProxyVersion != "2.6.12" {
			t.Errorf("%d %+v %v", revision, edges, err)
		}
	})
}

func TestEdgeStatements(t *testing.T) {
	pgtest.Prepare(t, pgtest.DB(t), map[string]string{"put ack": putAckSQL, "acks": acksSQL, "edge state": edgeStateSQL})
}
