package logs

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
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"suiftly/internal/customer"
	"suiftly/internal/fault"
	"suiftly/internal/web"
)

// serve puts the room behind the real web pipe; the access token is the customer's number.
func (r *room) serve() string {
	r.t.Helper()
	_, address := r.server(func(*web.Server) {})
	return address
}

func (r *room) server(change func(*web.Server)) (*web.Server, string) {
	r.t.Helper()
	c := web.DefaultConfig()
	c.Limits.APIPerMinute = 1_000_000
	s := web.New(c, r.db, slog.New(slog.DiscardHandler), time.Now, "test")
	s.Authenticate = func(_ context.Context, token string) (customer.Identity, error) {
		var id customer.ID
		if _, err := fmt.Sscan(token, &id); err != nil {
			return customer.Identity{}, web.ErrSignInNeeded
		}
		return customer.Identity{ID: id}, nil
	}
	change(s)
	r.Routes(s.Room(r.Name()))
	if err := s.Finish(fstest.MapFS{"index.html": {Data: []byte("<html><head></head></html>")}}, nil); err != nil {
		r.t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.t.Fatal(err)
	}
	go func() { _ = s.Serve(l) }()
	r.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		s.Drain()
		_ = s.Shutdown(ctx)
	})
	return s, "http://" + l.Addr().String() + "/api/v1/logs"
}

// get asks as the customer and gives the status and the answer.
func get[T any](t testing.TB, address string, id int, query url.Values) (int, T, string) {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, address+"?"+query.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if id != 0 {
		// The cookie's name depends on whether the server is on plain http; the wrong one is ignored.
		for _, name := range []string{"suiftly-access", "__Host-suiftly-access"} {
			request.AddCookie(&http.Cookie{Name: name, Value: fmt.Sprint(id)})
		}
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	var body T
	if response.StatusCode == 200 {
		if err := json.Unmarshal(text, &body); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
	}
	return response.StatusCode, body, string(text)
}

func TestReading(t *testing.T) {
	t.Parallel()
	hour := now.Truncate(time.Hour)

	t.Run("a customer sees each of their own rows once, newest first, while rows arrive, and nobody else's", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		var lines [][]byte
		for i := range 600 {
			// Few distinct milliseconds, so that pages break inside one; nobody's rows among them.
			at := hour.Add(-time.Duration(i%23) * time.Minute)
			lines = append(lines, line(i, at, []string{"1001", "1002", "-", "55"}[i%4], []string{"seal", "grpc"}[i/4%2], 200, i))
		}
		r.take("a", 0, lines[:500])
		address := r.serve()
		for id, total := range map[int]int{1001: 150, 1002: 150, 55: 0, 1003: 0} {
			for _, service := range []string{"", "seal", "grpc", "nope"} {
				seen, cursor := map[string]bool{}, ""
				var last LoggedRequest
				for page := 0; ; page++ {
					status, body, text := get[requestPage](t, address, id, url.Values{"service": {service}, "cursor": {cursor}, "limit": {"17"}})
					if status != 200 || body.Requests == nil {
						t.Fatal(status, text)
					}
					for _, q := range body.Requests {
						if seen[q.RequestID] {
							t.Fatalf("%s twice", q.RequestID)
						}
						seen[q.RequestID] = true
						if !last.At.IsZero() && (q.At.After(last.At) || q.At.Equal(last.At) && q.RequestID > last.RequestID) {
							t.Fatalf("%v after %v", q, last)
						}
						if service != "" && q.Service != service {
							t.Fatalf("%v for %s", q, service)
						}
						last = q
					}
					if cursor = body.NextCursor; cursor == "" {
						break
					}
				}
				want := r.count(`select count(*) from logs.haproxy_logs where customer_id = $1 and ($2 = '' or service = $2)`, id, service)
				if len(seen) != want || service == "" && want > total {
					t.Errorf("customer %d, %q: %d rows, want %d", id, service, len(seen), want)
				}
			}
			if id == 1001 {
				r.take("a", 500, lines[500:])
			}
		}
	})

	t.Run("a row shows what HAProxy said", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		r.take("a", 0, [][]byte{line(7, now, "1001", "seal", 200, 1874)})
		status, body, text := get[requestPage](t, r.serve(), 1001, nil)
		want := LoggedRequest{
			At: now, RequestID: "00000007-0000-4000-8000-000000000007", Service: "seal", Method: "POST", Path: "/v1/fetch_key", Status: 200,
			Billable: true, BytesSent: 1874, BytesIn: 359, DurationMs: 7, Backend: "be_seal", Server: "s1", Terminated: "----", ClientIP: "10.1.2.3", KeyID: "7",
		}
		if status != 200 || len(body.Requests) != 1 || body.Requests[0] != want {
			t.Errorf("%d %s", status, text)
		}
	})

	t.Run("whatever is asked, only the asker's rows come back", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		var lines [][]byte
		for i := range 300 {
			lines = append(lines, line(i, now.Add(-time.Duration(i)*time.Second), fmt.Sprint(1001+i%5), "seal", 200, 100000+i%5))
		}
		r.take("a", 0, lines)
		r.meter()
		draw := rand.New(rand.NewPCG(1, 2))
		for range 200 {
			id := customer.ID(1000 + draw.IntN(7))
			service := []string{"", "seal", "' or true --", "%", "seal' or customer_id > 0 or '' = '"}[draw.IntN(5)]
			at := place{atMillis: now.UnixMilli() - draw.Int64N(400000)}
			cursor := []string{"", at.String()}[draw.IntN(2)]
			page, _, err := r.Requests(context.Background(), id, Filter{Services: []string{service}, LatencyMax: -1, BytesMax: -1}, cursor, 1+draw.IntN(200))
			if err != nil {
				t.Fatal(err)
			}
			for _, q := range page {
				if q.BytesSent != 100000+int64(id-1001) {
					t.Fatalf("customer %d sees %v", id, q)
				}
			}
		}
		for id := customer.ID(0); id < 3; id++ {
			if page, _, err := r.Requests(context.Background(), id, everything, "", 10); err != nil || len(page) != 0 {
				t.Errorf("customer %d: %v %v", id, page, err)
			}
		}
	})

	t.Run("unattributed rows are nobody's page", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		r.take("a", 0, [][]byte{line(1, now, "-", "seal", 200, 1)})
		r.meter()
		page, _, err := r.Requests(context.Background(), 0, everything, "", 10)
		stats, err2 := r.Stats(context.Background(), 0, hour, hour.Add(time.Hour), steps["hour"])
		if len(page) != 0 || len(stats) != 0 || errors.Join(err, err2) != nil {
			t.Errorf("%v %v %v %v", page, stats, err, err2)
		}
	})

	t.Run("charts have every bucket, and add up to the rows", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		statuses := []int{200, 201, 302, 404, 429, 503, -1}
		var lines [][]byte
		for i := range 700 {
			lines = append(lines, line(i, hour.Add(-time.Duration(i)*37*time.Second), "1001", []string{"seal", "grpc"}[i%2], statuses[i%7], 10))
		}
		lines = append(lines, line(9999, hour, "1002", "seal", 200, 10))
		r.take("a", 0, lines)
		r.meter()
		address := r.serve() + "/stats"
		for step, width := range map[string]time.Duration{"minute": time.Minute, "hour": time.Hour} {
			from, to := hour.Add(-8*time.Hour), hour.Add(time.Hour)
			status, body, text := get[requestStats](t, address, 1001, url.Values{
				"from": {from.Add(time.Second).Format(time.RFC3339)}, "to": {to.Add(-time.Second).Format(time.RFC3339)}, "step": {step},
			})
			if status != 200 || len(body.Services) != 2 || body.Services[0].Service != "grpc" || !body.From.Equal(from) || !body.To.Equal(to) {
				t.Fatal(status, text)
			}
			var sum RequestBucket
			took := int64(0)
			for _, s := range body.Services {
				if len(s.Buckets) != int(to.Sub(from)/width) {
					t.Fatalf("%d buckets", len(s.Buckets))
				}
				for i, b := range s.Buckets {
					if !b.At.Equal(from.Add(time.Duration(i) * width)) {
						t.Fatalf("bucket %d is at %s", i, b.At)
					}
					if b.Requests != b.Status2xx+b.Status3xx+b.Status4xx+b.Status5xx+b.StatusOther || len(b.Latency) != len(body.LatencyBoundsMs)+1 {
						t.Fatalf("%+v", b)
					}
					sum.Requests += b.Requests
					sum.Billable += b.Billable
					sum.Bytes += b.Bytes
					sum.Status2xx += b.Status2xx
					sum.Status429 += b.Status429
					sum.StatusOther += b.StatusOther
					for _, n := range b.Latency {
						took += n
					}
				}
			}
			if sum.Requests != 700 || sum.Billable != 300 || sum.Bytes != 7000 || sum.Status2xx != 200 || sum.Status429 != 100 || sum.StatusOther != 100 || took != 700 {
				t.Errorf("%s: %+v, %d timed", step, sum, took)
			}
		}
	})

	t.Run("wrong questions get a clear answer", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		address := r.serve()
		at := func(t time.Time) string { return t.Format(time.RFC3339) }
		for _, c := range []struct {
			path  string
			query url.Values
			field string
		}{
			{"", url.Values{"limit": {"201"}}, "limit"},
			{"", url.Values{"limit": {"0"}}, "limit"},
			{"", url.Values{"cursor": {"xyz"}}, "cursor"},
			{"", url.Values{"cursor": {strings.Repeat("_", 32)}}, "cursor"},
			{"/stats", url.Values{"from": {at(now)}, "to": {at(now)}}, "to"},
			{"/stats", url.Values{"from": {at(now)}, "to": {at(now.AddDate(0, 0, 94))}}, "from"},
			{"/stats", url.Values{"from": {at(now)}, "to": {at(now.AddDate(0, 0, 2))}, "step": {"minute"}}, "from"},
			{"/stats", url.Values{"from": {at(now)}, "to": {at(now.Add(time.Hour))}, "step": {"day"}}, "step"},
			{"/stats", url.Values{"from": {"yesterday"}, "to": {at(now)}}, "from"},
			{"/stats", url.Values{"to": {at(now)}}, "from"},
		} {
			status, _, text := get[struct{}](t, address+c.path, 1001, c.query)
			if status != 422 || !strings.Contains(text, `"`+c.field+`"`) && !strings.Contains(text, "."+c.field+`"`) {
				t.Errorf("%s %v: %d %s", c.path, c.query, status, text)
			}
		}
		for _, path := range []string{"", "/stats"} {
			if status, _, text := get[struct{}](t, address+path, 0, nil); status != 401 {
				t.Errorf("%s without a session: %d %s", path, status, text)
			}
		}
		if _, _, err := r.Requests(context.Background(), 1001, everything, "x", 1); fault.Of(err).Code != "logs.bad_cursor" {
			t.Error(err)
		}
	})
}
