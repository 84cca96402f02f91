package logs

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"

	"suiftly/internal/customer"
	"suiftly/internal/web"
)

func TestExport(t *testing.T) {
	t.Parallel()

	t.Run("both formats hold exactly the rows of the list, packed when the client takes it", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		r.take("a", 0, variety(400))
		address := r.serve()
		filter := url.Values{"status": {"2xx"}, "limit": {"200"}}
		status, page, text := get[requestPage](t, address, 1001, filter)
		if status != 200 || len(page.Requests) == 0 || page.NextCursor != "" {
			t.Fatal(text)
		}
		filter.Del("limit")

		filter.Set("format", "ndjson")
		response := ask(t, address+"/export", 1001, filter, "Accept-Encoding", "gzip")
		if response.Header.Get("Content-Encoding") != "gzip" || !strings.HasPrefix(response.Header.Get("Content-Disposition"), `attachment; filename="requests-20261123-230300.ndjson"`) {
			t.Fatal(response.Header)
		}
		plain, err := gzip.NewReader(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		var rows []LoggedRequest
		for d := json.NewDecoder(plain); d.More(); {
			var row LoggedRequest
			if err := d.Decode(&row); err != nil {
				t.Fatal(err)
			}
			rows = append(rows, row)
		}
		if len(rows) != len(page.Requests) {
			t.Fatalf("%d rows, the list has %d", len(rows), len(page.Requests))
		}
		for i := range rows {
			if rows[i] != page.Requests[i] {
				t.Fatalf("%+v, the list has %+v", rows[i], page.Requests[i])
			}
		}

		filter.Set("format", "csv")
		response = ask(t, address+"/export", 1001, filter)
		table, err := csv.NewReader(response.Body).ReadAll()
		if err != nil || response.Header.Get("Content-Type") != "text/csv; charset=utf-8" {
			t.Fatal(err, response.Header)
		}
		if len(table) != len(rows)+1 || table[1][1] != rows[0].RequestID || strings.Join(table[0], ",") != strings.Join(csvHeader, ",") {
			t.Errorf("%v", table[:2])
		}
		if response := ask(t, address+"/export", 1001, url.Values{"format": {"xlsx"}}); response.StatusCode != 422 {
			t.Errorf("%d", response.StatusCode)
		}
	})

	t.Run("nothing a client wrote is a formula, a column or a row of its own", func(t *testing.T) {
		t.Parallel()
		for given, want := range map[string]string{
			"=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@x": "'@x", "\t=1": "'\t=1", "/a,b": "/a,b", "/a\"b": "/a\"b", "/a\nb": "/a\nb", "": "", "/=": "/=",
		} {
			var out bytes.Buffer
			w := bufio.NewWriter(&out)
			write := csvRows(w)
			if err := write(&LoggedRequest{At: now, Path: given, Status: -1, Service: "seal"}); err != nil {
				t.Fatal(err)
			}
			if err := write(nil); err != nil {
				t.Fatal(err)
			}
			w.Flush()
			table, err := csv.NewReader(&out).ReadAll()
			if err != nil || len(table) != 2 || table[1][4] != want || table[1][5] != "-1" {
				t.Errorf("%q: %q %v", given, table, err)
			}
		}
	})

	t.Run("one that breaks is seen to be broken", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		r.heap(60000) // more than everything in between can hold
		over := make(chan struct{})
		_, address := r.server(func(s *web.Server) {
			inner := s.Authenticate
			s.Authenticate = func(ctx context.Context, token string) (customer.Identity, error) {
				select {
				case <-over:
					return customer.Identity{}, web.ErrSignInNeeded
				default:
					return inner(ctx, token)
				}
			}
		})
		whole, err := io.Copy(io.Discard, ask(t, address+"/export", 1001, nil).Body)
		if err != nil || whole < 60000*1000 {
			t.Fatalf("%d bytes, %v", whole, err)
		}
		response := ask(t, address+"/export", 1001, nil)
		if _, err := io.CopyN(io.Discard, response.Body, 1000); err != nil {
			t.Fatal(err)
		}
		close(over)
		deadline := time.Now().Add(40 * time.Second)
		for r.count(`select count(*) from pg_stat_activity where datname = current_database() and state <> 'idle' and query like '%own_requests%order by%' and pid <> pg_backend_pid()`) > 0 {
			if time.Now().After(deadline) {
				t.Fatal("the export goes on without its session")
			}
			time.Sleep(50 * time.Millisecond)
		}
		if part, err := io.Copy(io.Discard, response.Body); err == nil || part >= whole {
			t.Errorf("%d of %d bytes, and no error", part, whole)
		}
	})
}
