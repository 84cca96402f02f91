package billing

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"suiftly/internal/customer"
)

// receive starts the logs room of r; the test's customers are the known ones.
func (r *room) receive() {
	r.t.Helper()
	r.logs.Known = func(_ context.Context, ids []customer.ID) (map[customer.ID]bool, error) {
		known := map[customer.ID]bool{}
		for _, id := range ids {
			known[id] = id >= alice && id <= carol
		}
		return known, nil
	}
	running, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- r.logs.Run(running) }()
	r.t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			r.t.Errorf("logs: %v", err)
		}
	})
	<-r.logs.Listening()
}

// kind is a number of equal requests.
type kind struct {
	requests, status, bytes int
}

// send writes the requests of alice to the logs room as HAProxy would, from at on, a millisecond apart.
func (r *room) send(at time.Time, kinds ...kind) {
	r.t.Helper()
	conn, err := net.Dial("tcp", r.logs.ListenAddress())
	if err != nil {
		r.t.Fatal(err)
	}
	w := bufio.NewWriter(conn)
	n := 0
	for _, k := range kinds {
		for range k.requests {
			fmt.Fprintf(w, `<134>1 2026-11-24T10:00:00.000000+00:00 edge1 haproxy 855 - - {"v":1,"id":"00000000-0000-4000-8000-%012x","t":%d,"c":"1001","s":"seal","m":"GET","st":%d,"bo":%d,"bi":10,"d":1,"tr":1,"ts":"----","ip":"127.0.0.1","be":"be_seal","sv":"s1","p":"\/"}`+"\n",
				at.UnixMilli()+int64(n), at.Add(time.Duration(n)*time.Millisecond).UnixMicro(), k.status, k.bytes)
			n++
		}
	}
	if err := errors.Join(w.Flush(), conn.Close()); err != nil {
		r.t.Fatal(err)
	}
}

func TestFromLineToLedger(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.receive()
	r.send(ten, kind{12_500, 200, 1874}, kind{300, 429, 189}, kind{200, 503, 189})
	r.waitFor(`select coalesce(sum(stored), 0) = 13000 from logs.batches`)
	// Nobody has metered yet: the run does.
	if run := r.run(noon); run.Hours != 1 || run.Amount != 1_250_000 {
		t.Fatalf("%+v", run)
	}
	u, err := r.Usage(ctx, alice, ten, noon, stepHour)
	if err != nil || len(u.Buckets) != 1 || u.Total != (Used{13_000, 12_500, 23_519_500, 1_250_000, 0}) {
		t.Fatalf("%v %+v", err, u)
	}
	if open := number[int](r, `select count(*) from logs.batches where billed_run is distinct from 1`); open != 0 {
		t.Fatalf("%d batches are not marked with the run that billed them", open)
	}
	r.send(ten.Add(30*time.Minute), kind{200, 200, 1874})
	r.waitFor(`select coalesce(sum(stored), 0) = 13200 from logs.batches`)
	if run := r.run(noon.Add(5 * time.Minute)); run.Charges != 1 || run.Amount != 20_000 || r.owes(alice) != 1_270_000 {
		t.Fatalf("%+v", run)
	}
	r.sound()
	if wrong, err := r.logs.Check(ctx); err != nil || len(wrong) > 0 {
		t.Fatalf("%v %q", err, wrong)
	}
}
