package edge_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestWhatHAProxyObeys holds deploy/haproxy.cfg to the lines of keys.map, as modules/services/edge_lines.go writes them.
func TestWhatHAProxyObeys(t *testing.T) {
	grant := func(key string, customer int, id, rest string) string {
		return fmt.Sprintf("%s %d:seal:%s:%s\n", sha256hex(key), customer, id, rest)
	}
	code := func(t *testing.T, h *host, key string) (int, string) {
		t.Helper()
		status, body := h.get("/", key)
		var problem struct {
			Code   string
			Status int
		}
		if status >= 400 {
			if err := json.Unmarshal([]byte(body), &problem); err != nil || problem.Status != status {
				t.Fatalf("%d %s: %v", status, body, err)
			}
		}
		return status, problem.Code
	}

	t.Run("each refusal has its status and code, and names its customer in the log", func(t *testing.T) {
		t.Parallel()
		h := newHost(t, plain, nil)
		h.start()
		ended, later := time.Now().Add(-time.Minute).Unix(), time.Now().Add(time.Hour).Unix()
		var lines []string
		cases := []struct {
			key, line, code string
			status          int
		}{
			{"limit", "refused/" + sha256hex("limit") + " 7:seal:k1:spending_limit\n", "edge.spending_limit", 402},
			{"unpaid", "refused/" + sha256hex("unpaid") + " 7:seal:k2:nonpayment\n", "edge.suspended_nonpayment", 402},
			{"off", "refused/" + sha256hex("off") + " 7:seal:k3:disabled\n", "edge.service_disabled", 403},
			{"held", "refused/" + sha256hex("held") + " 7:seal:k4:suspended\n", "edge.suspended", 403},
			{"ended", grant("ended", 7, "k5", fmt.Sprintf("%d:110:110:0:any", ended)), "edge.key_expired", 401},
			{"elsewhere", grant("elsewhere", 7, "k6", ":110:110:0:list") + "k6/4/0A 1\nk6/4/7F0000011 1\nk6/6/7F 1\nk61/4/7F 1\n", "edge.address_not_allowed", 403},
			{"nowhere", grant("nowhere", 7, "k7", ":110:110:0:list"), "edge.address_not_allowed", 403},
			{"none", grant("none", 8, "k8", ":0:0:0:any"), "edge.rate_limited", 429},
			{"later", grant("later", 7, "k9", fmt.Sprintf("%d:110:110:0:any", later)), "", 200},
			{"here", grant("here", 7, "ka", ":110:110:0:list") + "ka/4/0A 1\nka/4/7F 1\n", "", 200},
			{"refused/" + sha256hex("off"), "", "edge.key_unknown", 401},
		}
		for _, c := range cases {
			lines = append(lines, c.line)
		}
		sync1(t, h.edge(), keys(strings.Join(lines, "")))
		for _, c := range cases {
			if status, got := code(t, h, c.key); status != c.status || got != c.code {
				t.Errorf("%s: %d %s, want %d %s", c.key, status, got, c.status, c.code)
			}
		}
		for i, l := range h.logs[0].next(t, len(cases)) {
			if want := strings.Contains(cases[i].line, " 8:"); cases[i].line != "" && (l.S != "seal" || l.K == "" || (l.C == "8") != want || l.St != cases[i].status) {
				t.Errorf("%s is logged as %+v", cases[i].key, l)
			}
		}
	})

	t.Run("a key ends at its second, with nobody to tell HAProxy", func(t *testing.T) {
		t.Parallel()
		h := newHost(t, plain, nil)
		h.start()
		end := time.Now().Add(3 * time.Second)
		sync1(t, h.edge(), keys(grant("k", 7, "k", fmt.Sprintf("%d:110:110:0:any", end.Unix()))))
		for status := 0; status != 401; time.Sleep(50 * time.Millisecond) {
			if status, _ = code(t, h, "k"); status == 401 && time.Now().Before(end.Truncate(time.Second)) || status == 200 && time.Since(end) > 30*time.Second {
				t.Fatalf("%d, %s after the end", status, time.Since(end))
			}
		}
	})

	t.Run("IPv4 is IPv4 on a dual-stack address, and IPv6 is IPv6", func(t *testing.T) {
		t.Parallel()
		_, port, _ := strings.Cut(free(t), ":")
		h := newHost(t, plain, map[string]string{"EDGE_API_BIND": ":::" + port})
		h.api = "[::1]:" + port
		h.start()
		sync1(t, h.edge(), keys(
			grant("four", 7, "k4", ":1000:1000:0:list")+"k4/4/7F000001 1\n",
			grant("six", 7, "k6", ":1000:1000:0:list")+"k6/6/00000000000000000000000000000001 1\n",
		))
		for _, c := range []struct {
			api, key string
			want     int
		}{{"[::1]:" + port, "six", 200}, {"[::1]:" + port, "four", 403}, {"127.0.0.1:" + port, "six", 403}, {"127.0.0.1:" + port, "four", 200}} {
			h.api = c.api
			if status, _ := code(t, h, c.key); status != c.want {
				t.Errorf("%s with the key %s: %d", c.api, c.key, status)
			}
		}
	})

	// most is what five a second may come to since then, with how roughly HAProxy counts a second.
	most := func(since time.Time) int { return int(5*time.Since(since).Seconds()) + 10 }
	// flood asks for n requests as fast as they go and counts those that were served.
	flood := func(t *testing.T, h *host, key string, n int) (served int) {
		t.Helper()
		for range n {
			switch status, _ := code(t, h, key); status {
			case 200:
				served++
			case 429:
			default:
				t.Fatal(status)
			}
		}
		return served
	}

	t.Run("whoever asks for too much still gets what is guaranteed, and nobody else pays for it", func(t *testing.T) {
		t.Parallel()
		h := newHost(t, plain, nil)
		h.start()
		sync1(t, h.edge(), keys(
			grant("greedy", 7, "k1", ":5:5:0:any"), grant("sibling", 7, "k2", ":5:5:0:any"), grant("modest", 8, "k3", ":5:5:0:any"),
		))
		began := time.Now()
		served := 0
		for time.Since(began) < 4*time.Second {
			served += flood(t, h, "greedy", 5)
		}
		if served < 6 || served > most(began) {
			t.Errorf("%d served in %s, at most %d may", served, time.Since(began), most(began))
		}
		if status, _ := code(t, h, "modest"); status != 200 {
			t.Errorf("another customer: %d", status)
		}
		began = time.Now()
		if n := flood(t, h, "greedy", 50) + flood(t, h, "sibling", 50); n > most(began) {
			t.Errorf("two keys of one service have %d in %s", n, time.Since(began))
		}
	})

	t.Run("a burst goes to its peak until the minute is used up, then the guaranteed rate holds", func(t *testing.T) {
		t.Parallel()
		h := newHost(t, plain, nil)
		h.start()
		sync1(t, h.edge(), keys(grant("k", 7, "k1", ":5:1000000:60:any")))
		if served := flood(t, h, "k", 60); served != 60 {
			t.Errorf("%d of the burst were served", served)
		}
		began := time.Now()
		if served := flood(t, h, "k", 100); served > most(began) {
			t.Errorf("%d more were served when the burst was over", served)
		}
		eventually(t, 30*time.Second, "the guaranteed rate is served", func() bool { status, _ := code(t, h, "k"); return status == 200 })
	})
}
