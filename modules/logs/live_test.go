package logs

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"suiftly/internal/customer"
	"suiftly/internal/web"
)

// event is a server-sent one.
type event struct{ name, id, data string }

// stream is an open answer.
type stream struct {
	t        testing.TB
	response *http.Response
	lines    *bufio.Scanner
}

func ask(t testing.TB, address string, id int, query url.Values, header ...string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"?"+query.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"suiftly-access", "__Host-suiftly-access"} {
		request.AddCookie(&http.Cookie{Name: name, Value: fmt.Sprint(id)})
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return response
}

func openLive(t testing.TB, address string, id int, query url.Values, lastEventID string) *stream {
	t.Helper()
	response := ask(t, address+"/tail", id, query, "Last-Event-ID", lastEventID)
	if response.StatusCode != 200 || response.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%d %v", response.StatusCode, response.Header)
	}
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 4<<20)
	return &stream{t, response, lines}
}

// next gives the next event; false at the end of the stream.
func (s *stream) next() (event, bool) {
	s.t.Helper()
	var e event
	for s.lines.Scan() {
		name, value, _ := strings.Cut(s.lines.Text(), ": ")
		switch name {
		case "event":
			e.name = value
		case "id":
			e.id = value
		case "data":
			e.data = value
		case "":
			return e, true
		}
	}
	return event{}, false
}

// rows gives the next rows and the id to go on from.
func (s *stream) rows() ([]LoggedRequest, string) {
	s.t.Helper()
	for {
		e, more := s.next()
		if !more {
			s.t.Fatal("the stream ended")
		}
		if e.name != "requests" {
			continue
		}
		var rows []LoggedRequest
		if err := json.Unmarshal([]byte(e.data), &rows); err != nil {
			s.t.Fatal(err)
		}
		return rows, e.id
	}
}

// slowly begins a batch of one row and gives what commits it.
func (r *room) slowly(n int, id customer.ID) (commit func()) {
	r.t.Helper()
	if _, err := r.db.Exec(`select logs.make_partition($1)`, now); err != nil {
		r.t.Fatal(err)
	}
	tx, err := r.db.Beginx()
	if err != nil {
		r.t.Fatal(err)
	}
	var batch int64
	err = tx.Get(&batch, `insert into logs.batches (source, position, lines, stored, duplicates, rejected, quarantined, unattributed, first_at, last_at)
		values ('slow', $1, 1, 1, 0, 0, 0, 0, $2, $2) returning batch_id`, n, now)
	if err == nil {
		_, err = tx.Exec(`insert into logs.haproxy_logs (timestamp, batch_id, customer_id, bytes_sent, bytes_received, duration_ms, status, billable, reached,
			rid, service, key_id, method, path, backend, server, termination)
			values ($1, $2, $3, 1, 1, 1, 200, true, true, $4, 'seal', '', 'GET', '/', 'b', 's', '----')`, now, batch, int64(id), fmt.Sprintf("%08d-0000-4000-8000-000000000000", n))
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return func() {
		if err := tx.Commit(); err != nil {
			r.t.Fatal(err)
		}
	}
}

func TestLive(t *testing.T) {
	t.Parallel()

	t.Run("a batch that commits late is not lost, nor is any row sent twice, over any number of reconnects", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		r.slowly(1, 1001)() // before anyone follows
		address := r.serve()
		s := openLive(t, address, 1001, nil, "")
		first, _ := s.next()
		if first.name != "open" || first.id == "" {
			t.Fatalf("%+v", first)
		}
		early := r.slowly(2, 1001)
		other := r.slowly(3, 1002)
		r.slowly(4, 1001)()
		seen := map[string]int{}
		note := func(rows []LoggedRequest) {
			for _, row := range rows {
				seen[row.RequestID[:8]]++
			}
		}
		rows, at := s.rows()
		note(rows)
		s.response.Body.Close()
		other()
		early() // while nobody looks; its id is lower than what was sent
		s = openLive(t, address, 1001, nil, at)
		rows, _ = s.rows()
		note(rows)
		r.slowly(5, 1001)()
		rows, _ = s.rows()
		note(rows)
		if fmt.Sprint(seen) != fmt.Sprint(map[string]int{"00000002": 1, "00000004": 1, "00000005": 1}) {
			t.Errorf("%v", seen)
		}
		s.response.Body.Close()
		again := openLive(t, address, 1001, nil, first.id)
		rows, _ = again.rows()
		if len(rows) != 3 {
			t.Errorf("from the beginning: %v", rows)
		}
	})

	t.Run("more than one event holds is sent in several, and any of them can be gone on from", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		address := r.serve()
		s := openLive(t, address, 1001, url.Values{"service": {"seal"}}, "")
		at, _ := s.next()
		var lines [][]byte
		for i := range 2000 {
			lines = append(lines, line(i, now.Add(-time.Duration(i%7)*time.Millisecond), []string{"1001", "1002"}[i%2], []string{"seal", "grpc"}[i/2%10/9], 200, i))
		}
		r.take("a", 0, lines)
		s.response.Body.Close()
		seen, id := map[string]bool{}, at.id
		for len(seen) < 900 { // one event of each connection
			s := openLive(t, address, 1001, url.Values{"service": {"seal"}}, id)
			rows, next := s.rows()
			if len(rows) > liveRows {
				t.Fatalf("%d rows in an event", len(rows))
			}
			for _, row := range rows {
				if seen[row.RequestID] || row.Service != "seal" || row.BytesSent%2 != 0 {
					t.Fatalf("%+v", row)
				}
				seen[row.RequestID] = true
			}
			id = next
			s.response.Body.Close()
		}
	})

	t.Run("it ends with its session, and when the replica drains", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		over := make(chan struct{})
		server, address := r.server(func(s *web.Server) {
			inner := s.Authenticate
			s.Authenticate = func(ctx context.Context, token string) (customer.Identity, error) {
				select {
				case <-over:
					if token == "1001" {
						return customer.Identity{}, web.ErrSignInNeeded
					}
				default:
				}
				return inner(ctx, token)
			}
		})
		ending, staying := openLive(t, address, 1001, nil, ""), openLive(t, address, 1002, nil, "")
		close(over)
		for _, more := ending.next(); more; _, more = ending.next() {
		}
		if response := ask(t, address+"/tail", 1001, nil); response.StatusCode != 401 {
			t.Errorf("%d", response.StatusCode)
		}
		server.Drain()
		for _, more := staying.next(); more; _, more = staying.next() {
		}
	})

	t.Run("a customer has a bounded number, and gets places back", func(t *testing.T) {
		t.Parallel()
		address := setup(t).serve()
		var open []*stream
		for range streamsEach {
			open = append(open, openLive(t, address, 1001, nil, ""))
		}
		if response := ask(t, address+"/tail", 1001, nil); response.StatusCode != 429 || response.Header.Get("Retry-After") == "" {
			t.Errorf("%d %v", response.StatusCode, response.Header)
		}
		openLive(t, address, 1002, nil, "")
		open[0].response.Body.Close()
		deadline := time.Now().Add(40 * time.Second) // noticed with the next beat
		for ask(t, address+"/tail", 1001, nil).StatusCode != 200 {
			if time.Now().After(deadline) {
				t.Fatal("the place is not given back")
			}
			time.Sleep(100 * time.Millisecond)
		}
	})

	t.Run("a mark that we did not give is refused, an old one is a gap", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		address := r.serve()
		for _, after := range []string{"x", "1;2", "1;5:4:", "1;1:9:3,2", "1;0:1:", "1;1:2:;1:3:", "1;1:2:;1:3:;zz", "1;99999999999999999999:1:", "1;1:2:';drop"} {
			if response := ask(t, address+"/tail", 1001, url.Values{"after": {after}}); response.StatusCode != 422 {
				t.Errorf("%q: %d", after, response.StatusCode)
			}
		}
		var at time.Time
		if err := r.db.Get(&at, `select now()`); err != nil {
			t.Fatal(err)
		}
		old := mark{at: at.Add(-liveResumes - time.Second), seen: "5:5:"}
		if e, _ := openLive(t, address, 1001, nil, old.String()).next(); e.name != "gap" {
			t.Errorf("%+v", e)
		}
	})
}

func TestLiveMarks(t *testing.T) {
	t.Parallel()
	for _, k := range []mark{
		{at: time.UnixMilli(1700000000123), seen: "10:20:11,15"},
		{at: time.UnixMilli(1700000000123), seen: "10:20:", during: "20:30:22", after: place{atMillis: 5, rid: [16]byte{1}}},
	} {
		if got, err := markOf(k.String()); err != nil || got != k {
			t.Errorf("%+v: %+v %v", k, got, err)
		}
	}
}

// heap adds n rows of customer 1001 with long paths, one a millisecond.
func (r *room) heap(n int) {
	r.t.Helper()
	_, err := r.db.Exec(`select logs.make_partition($1::date - d) from generate_series(0, 1) d`, now)
	if err == nil {
		_, err = r.db.Exec(`insert into logs.haproxy_logs (timestamp, batch_id, customer_id, bytes_sent, bytes_received, duration_ms, status, billable, reached,
			rid, service, key_id, method, path, backend, server, termination)
			select $1::timestamptz - n * interval '1 millisecond', 1, 1001, n, 1, 1, 200, true, true, gen_random_uuid(), 'seal', '', 'GET', repeat('x', 1000), 'b', 's', '----'
			from generate_series(1, $2) n`, now, n)
	}
	if err != nil {
		r.t.Fatal(err)
	}
}
