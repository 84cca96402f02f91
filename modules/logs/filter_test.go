package logs

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/customer"
)

// everything is the filter of an empty query.
var everything = Filter{LatencyMax: -1, BytesMax: -1}

// stored is what a row holds, for an oracle that filters in Go.
type stored struct {
	Customer customer.ID `db:"customer_id"`
	Reached  bool        `db:"reached"`
	LoggedRequest
}

// variety gives lines that differ in everything a filter can ask.
func variety(n int) [][]byte {
	lines := make([][]byte, n)
	for i := range lines {
		lines[i] = fmt.Appendf(nil, `{"v":1,"id":"%08x-0000-4000-8000-%012x","t":%d,"c":"%d","s":"%s","k":"%d","m":"%s","st":%d,"bo":%d,"bi":%d,"d":%d,"tr":0,"ts":"----","ip":"10.%d.2.%d","be":"be_seal","sv":"s1","p":"%s"}`,
			i, i, now.Add(-time.Duration(i*i%7200)*time.Second).UnixMicro(), 1001+i%5, []string{"seal", "grpc", "graphql"}[i%3], i%4, []string{"GET", "POST", "PUT"}[i/2%3],
			[]int{200, 201, 302, 404, 429, 503, -1}[i%7], i*13%5000, i, i*7%1200, i%3, i%9,
			[]string{"/v1/fetch_key", "/v1/service", "/", "/graphql/%25_x", "/v1/fetch_key/deep"}[i/3%5])
	}
	return lines
}

// means is the filter's meaning, said a second time.
func (f Filter) means(q stored) bool {
	one := func(list []string, s string) bool { return len(list) == 0 || slices.Contains(list, s) }
	status := len(f.Statuses) == 0 || slices.ContainsFunc(f.Statuses, func(r statusRange) bool { return int64(q.Status) >= r.from && int64(q.Status) <= r.to })
	ip, _ := netip.ParseAddr(q.ClientIP)
	return (f.From.IsZero() || !q.At.Before(f.From)) && (f.To.IsZero() || q.At.Before(f.To)) &&
		one(f.Services, q.Service) && one(f.Methods, q.Method) && status &&
		strings.HasPrefix(q.Path, f.PathPrefix) && strings.Contains(q.Path, f.PathContains) &&
		q.DurationMs >= f.LatencyMin && (f.LatencyMax < 0 || q.DurationMs >= 0 && q.DurationMs <= f.LatencyMax) &&
		q.BytesSent >= f.BytesMin && (f.BytesMax < 0 || q.BytesSent <= f.BytesMax) &&
		(!f.Client.IsValid() || f.Client.Contains(ip)) &&
		(!f.oneRequest || q.RequestID == string(appendUUID(nil, f.RequestID))) &&
		(f.KeyID == "" || q.KeyID == f.KeyID) && (!f.billableOrFree || q.Billable == f.Billable)
}

// drawn gives a random query, hostile texts among its values.
func drawn(draw *rand.Rand) FilterQuery {
	some := func(list ...string) string { return list[draw.IntN(len(list))] }
	hostile := "' or customer_id > 0 --"
	q := FilterQuery{LatencyMaxMs: -1, BytesMax: -1}
	for range draw.IntN(5) {
		switch draw.IntN(15) {
		case 0:
			q.From = now.Add(-time.Duration(draw.IntN(8000)) * time.Second)
		case 1:
			q.To = now.Add(time.Second - time.Duration(draw.IntN(4000))*time.Second)
		case 2:
			q.Service = append(q.Service, some("seal", "grpc", "graphql", "nope", hostile))
		case 3:
			q.Status = append(q.Status, some("2xx", "4xx", "5xx", "429", "503", "none", "200"))
		case 4:
			q.Method = append(q.Method, some("GET", "post", "PUT", hostile))
		case 5:
			q.Path = some("/", "/v1", "/v1/fetch_key", "%", "_", hostile)
		case 6:
			q.Contains = some("fetch", "%", "_", "/", "\\", hostile)
		case 7:
			q.LatencyMinMs = draw.Int64N(1300)
		case 8:
			q.LatencyMaxMs = draw.Int64N(1300)
		case 9:
			q.BytesMin = draw.Int64N(5000)
		case 10:
			q.BytesMax = draw.Int64N(5000)
		case 11:
			q.ClientIP = some("10.1.0.0/16", "10.1.2.3", "0.0.0.0/0", "::/0", "10.0.2.0/30")
		case 12:
			n := draw.IntN(400)
			q.RequestID = fmt.Sprintf("%08x-0000-4000-8000-%012x", n, n)
		case 13:
			q.KeyID = some("0", "1", "2", "3", hostile)
		case 14:
			q.Billable = some("true", "false")
		}
	}
	return q
}

// TestFiltersKeepCustomersApart asks at random (SUIFTLY_FILTERS times), and holds every answer against a filter written in Go.
func TestFiltersKeepCustomersApart(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.take("a", 0, variety(400))
	var all []stored
	if err := r.db.Select(&all, `select customer_id, reached, timestamp, rid, service, method, path, status, billable, bytes_sent, bytes_received, duration_ms,
		backend, server, termination, coalesce(host(client_ip), '') as client_ip, key_id from logs.haproxy_logs`); err != nil {
		t.Fatal(err)
	}
	if len(all) != 400 {
		t.Fatalf("%d rows", len(all))
	}
	times := 1500
	if n, err := strconv.Atoi(os.Getenv("SUIFTLY_FILTERS")); err == nil {
		times = n
	}
	seed := uint64(time.Now().UnixNano())
	draw := rand.New(rand.NewPCG(seed, 1))
	asked, found := 0, 0
	for asked < times {
		q := drawn(draw)
		f, err := q.parse()
		if err != nil { // to before from, a highest below a lowest
			continue
		}
		asked++
		id := customer.ID(1000 + draw.IntN(7))
		want := 0
		for _, row := range all {
			if row.Customer == id && f.means(row) {
				want++
			}
		}
		page, _, err := r.Requests(context.Background(), id, f, "", 200)
		if err != nil {
			t.Fatalf("seed %d: %+v: %v", seed, q, err)
		}
		found += len(page)
		for _, got := range page {
			i := slices.IndexFunc(all, func(row stored) bool { return row.RequestID == got.RequestID })
			if all[i].Customer != id || !f.means(all[i]) {
				t.Fatalf("seed %d: customer %d asks %+v and sees a row of %d: %+v", seed, id, q, all[i].Customer, got)
			}
		}
		if len(page) != want {
			t.Fatalf("seed %d: customer %d asks %+v: %d rows, want %d", seed, id, q, len(page), want)
		}
		if asked%5 == 0 {
			f.From, f.To = notBefore(f.From, now.Add(-2*time.Hour)), notAfter(f.To, now.Add(time.Second))
			if !f.From.Before(f.To) {
				continue
			}
			want = 0
			for _, row := range all {
				if row.Customer == id && f.means(row) {
					want++
				}
			}
			h, err := r.Histogram(context.Background(), id, f)
			sum := Outcomes{}
			for _, b := range h.Buckets {
				sum.add(b)
			}
			sum.At = h.Total.At
			if err != nil || h.Total.Requests != int64(want) || sum != h.Total {
				t.Fatalf("seed %d: customer %d asks %+v: total %+v, buckets %+v, rows %d, %v", seed, id, q, h.Total, sum, want, err)
			}
		}
	}
	if found < times {
		t.Errorf("only %d rows came back: the filters are too narrow to prove anything", found)
	}
	t.Logf("%d filters, %d rows", asked, found)
}

func notBefore(t, least time.Time) time.Time {
	if t.IsZero() || t.Before(least) {
		return least
	}
	return t
}

func notAfter(t, most time.Time) time.Time {
	if t.IsZero() || t.After(most) {
		return most
	}
	return t
}

func TestTheDatabaseKeepsCustomersApart(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.take("a", 0, variety(50))
	r.meter()
	for name, query := range map[string]string{
		"the log table": `select count(*) from logs.haproxy_logs`, "a chart table": `select count(*) from logs.rollup_hours`,
		"the totals": `select count(*) from logs.usage_hours`, "another room": `select count(*) from auth.customers`,
		"a write": `delete from logs.own_requests`, "a setting back": `select set_config('transaction_read_only', 'off', true)`,
	} {
		err := r.own(context.Background(), 1001, func(tx *sqlx.Tx) error {
			_, err := tx.Exec(query)
			return err
		})
		if err == nil {
			t.Errorf("the reader may use %s", name)
		}
	}
	for id, want := range map[customer.ID]int{1001: 10, 1003: 10, 1009: 0, 0: 0} {
		err := r.own(context.Background(), id, func(tx *sqlx.Tx) error {
			var rows int
			if err := tx.Get(&rows, `select count(*) from logs.own_requests where true or true`); err != nil || rows != want {
				t.Errorf("customer %d reads %d rows: %v", id, rows, err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	if n := r.count(`select count(*) from logs.own_requests`); n != 0 {
		t.Errorf("nobody sees %d rows", n)
	}
}

func TestWrongFilters(t *testing.T) {
	t.Parallel()
	address := setup(t).serve()
	long := strings.Repeat("seal,", 21)
	for field, query := range map[string]url.Values{
		"from":           {"from": {"1999-01-01T00:00:00Z"}},
		"to":             {"from": {"2026-01-02T00:00:00Z"}, "to": {"2026-01-02T00:00:00Z"}},
		"service":        {"service": {strings.TrimSuffix(long, ",")}},
		"status":         {"status": {"2xx,abc"}},
		"method":         {"method": {"G\x00T"}},
		"path":           {"path": {"\xff"}},
		"q":              {"q": {"a\x00"}},
		"latency_min_ms": {"latency_min_ms": {"-1"}},
		"latency_max_ms": {"latency_min_ms": {"10"}, "latency_max_ms": {"9"}},
		"bytes_max":      {"bytes_min": {"10"}, "bytes_max": {"9"}},
		"bytes_min":      {"bytes_min": {"many"}},
		"client_ip":      {"client_ip": {"10.1.2"}},
		"request_id":     {"request_id": {"7"}},
		"billable":       {"billable": {"maybe"}},
		"nonsense":       {"nonsense": {"1"}},
	} {
		status, _, text := get[struct{}](t, address, 1001, query)
		if status != 422 || !strings.Contains(text, `"`+field+`"`) {
			t.Errorf("%s: %d %s", field, status, text)
		}
	}
	status, _, text := get[struct{}](t, address, 1001, url.Values{"status": {"x"}, "client_ip": {"y"}, "bytes_min": {"5"}, "bytes_max": {"4"}})
	if status != 422 || !strings.Contains(text, `"status"`) || !strings.Contains(text, `"client_ip"`) || !strings.Contains(text, `"bytes_max"`) {
		t.Errorf("three mistakes: %d %s", status, text)
	}
	for _, path := range []string{"/histogram", "/paths"} {
		if status, _, text := get[struct{}](t, address+path, 1001, nil); status != 422 || !strings.Contains(text, `"from"`) {
			t.Errorf("%s of all time: %d %s", path, status, text)
		}
	}
}

func TestTheExplorerOverHTTP(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.take("a", 0, variety(400))
	address := r.serve()
	span := url.Values{"from": {now.Add(-2 * time.Hour).Format(time.RFC3339)}, "to": {now.Add(time.Second).Format(time.RFC3339)}, "status": {"4xx,5xx"}, "service": {"seal,grpc"}}
	status, h, text := get[requestHistogram](t, address+"/histogram", 1001, span)
	if status != 200 || h.StepS != 120 || len(h.Buckets) != 61 {
		t.Fatalf("%d, %d buckets of %d s: %s", status, len(h.Buckets), h.StepS, text[:min(len(text), 300)])
	}
	want := r.count(`select count(*) from logs.haproxy_logs where customer_id = 1001 and status >= 400 and service in ('seal', 'grpc')`)
	if int(h.Total.Requests) != want || h.Total.Billable != 0 || h.Total.Status2xx != 0 {
		t.Errorf("%+v, want %d", h.Total, want)
	}
	rows, cursor := 0, ""
	for {
		q := url.Values{"limit": {"7"}, "cursor": {cursor}}
		for name, value := range span {
			q[name] = value
		}
		status, page, text := get[requestPage](t, address, 1001, q)
		if status != 200 {
			t.Fatal(text)
		}
		rows += len(page.Requests)
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	if rows != want {
		t.Errorf("%d rows, the total says %d", rows, want)
	}
	status, paths, text := get[pathList](t, address+"/paths", 1001, url.Values{"from": span["from"], "to": span["to"], "limit": {"3"}})
	if status != 200 || len(paths.Paths) != 3 || paths.Paths[0].Requests < paths.Paths[2].Requests || paths.Paths[0].P95Ms < paths.Paths[0].P50Ms {
		t.Errorf("%d %s", status, text)
	}
}
