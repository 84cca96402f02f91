package logs

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/customer"
	"suiftly/internal/pg"
)

func (r *room) unbilled(id customer.ID) []UsageHour {
	r.t.Helper()
	hours, err := r.UnbilledHours(context.Background(), r.db, id)
	if err != nil {
		r.t.Fatal(err)
	}
	return hours
}

// bill marks everything of the customer billed.
func (r *room) bill(id customer.ID) {
	r.t.Helper()
	ctx := context.Background()
	err := pg.Tx(ctx, r.db, func(tx *sqlx.Tx) error {
		hours, err := r.UnbilledHours(ctx, tx, id)
		if err != nil {
			return err
		}
		return r.MarkBilled(ctx, tx, hours)
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

func TestMeter(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	hour := now.Truncate(time.Hour)

	t.Run("the hour of the rules adds up, and late rows are its second revision", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		n := 0
		take := func(status, bytes, times int) {
			var lines [][]byte
			for range times {
				n++
				lines = append(lines, line(n, hour.Add(time.Duration(n)*time.Millisecond), "1001", "seal", status, bytes))
			}
			r.take("a", int64(n), lines)
		}
		take(200, 1874, 12500)
		take(429, 189, 300)
		take(503, 189, 200)
		r.meter()
		want := UsageHour{Customer: 1001, Service: "seal", Hour: hour, Requests: 13000, Billable: 12500, Bytes: 23519500, Revision: 3}
		got := r.unbilled(1001)
		got[0].Revision = 3 // however many chunks the meter took
		if len(got) != 1 || got[0] != want {
			t.Fatalf("%+v", got)
		}
		r.bill(1001)
		if left := r.unbilled(1001); len(left) != 0 {
			t.Fatalf("%+v", left)
		}
		if r.meter() != 0 || len(r.unbilled(1001)) != 0 {
			t.Error("metering nothing changed something")
		}
		before := r.count(`select revision from logs.usage_hours`)
		take(200, 1874, 200)
		r.meter()
		got = r.unbilled(1001)
		if len(got) != 1 || got[0].Requests != 13200 || got[0].Billable != 12700 || got[0].Revision != int64(before+1) {
			t.Errorf("%+v", got)
		}
		r.sound()
	})

	t.Run("bytes count only of rows that reached a backend; requests and outcomes of all", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		lines := sampleLines(t)
		r.take("a", 0, lines)
		r.meter()
		want := map[string]int{}
		var l Line
		for _, raw := range lines {
			if err := l.Parse(raw); err != nil {
				t.Fatal(err)
			}
			want["requests"]++
			if l.Reached() {
				want["bytes"] += int(l.BytesSent)
			}
			if l.Status >= 200 && l.Status < 400 {
				want["billable"]++
			}
			class := fmt.Sprintf("status_%dxx", l.Status/100)
			if l.Status < 200 || l.Status > 599 {
				class = "status_other"
			}
			want[class]++
			if l.Status == 429 {
				want["status_429"]++
			}
			for i, bound := range append(latencyBounds, 1<<40) {
				if int64(l.DurationMs) <= bound && l.DurationMs >= 0 {
					want[[]string{"took_5", "took_10", "took_25", "took_50", "took_100", "took_250", "took_500", "took_1000", "took_2500", "took_5000", "took_10000", "took_more"}[i]]++
					want["duration_sum_ms"] += int(l.DurationMs)
					break
				}
			}
		}
		for _, table := range []string{"rollup_minutes", "rollup_hours"} {
			for column, n := range want {
				if got := r.count(`select sum(` + column + `) from logs.` + table); got != n {
					t.Errorf("%s.%s: %d, want %d", table, column, got, n)
				}
			}
		}
	})

	t.Run("64 meters at once, with lines arriving, count each line once", func(t *testing.T) {
		t.Parallel()
		r := setup(t, func(c *Config) { c.MeterBatches = 3 })
		var all sync.WaitGroup
		for w := range 4 {
			all.Go(func() {
				for i := range 25 {
					var lines [][]byte
					for j := range 40 {
						k := (w*25+i)*40 + j
						lines = append(lines, line(k, hour.Add(-time.Duration(k)*time.Second), fmt.Sprint(1001+k%9), "seal", 200, k))
					}
					r.take(fmt.Sprint("s", w), int64(i), lines)
				}
			})
		}
		counts := make([]int, 64)
		for m := range counts {
			all.Go(func() {
				n, err := r.Meter(ctx)
				if err != nil {
					t.Error(err)
				}
				counts[m] = n
			})
		}
		all.Wait()
		metered := r.meter()
		for _, n := range counts {
			metered += n
		}
		if metered != 4000 {
			t.Errorf("%d lines metered", metered)
		}
		if n := r.count(`select sum(requests) from logs.usage_hours`); n != 4000 {
			t.Errorf("%d requests", n)
		}
		r.sound()
	})

	t.Run("a batch that commits after later ones were metered is metered", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		r.take("a", 0, [][]byte{line(1, hour, "1001", "seal", 200, 1)})
		late := r.linesOf("b", 0, [][]byte{line(2, hour, "1001", "seal", 200, 1)})
		s, err := r.intake.sort(ctx, late)
		if err != nil {
			t.Fatal(err)
		}
		begun, commit, done := make(chan struct{}), make(chan struct{}), make(chan error)
		go func() {
			done <- pg.Bulk(ctx, r.db, func(tx *pg.BulkTx) error {
				id, _, err := insertBatch(ctx, tx, late, s, written{stored: 1})
				if err == nil {
					err = copyRows(ctx, tx, s.block(late, id))
				}
				close(begun)
				<-commit
				return err
			})
		}()
		<-begun
		r.take("c", 0, [][]byte{line(3, hour, "1001", "seal", 200, 1)})
		if n := r.meter(); n != 2 {
			t.Errorf("%d metered", n)
		}
		close(commit)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if n := r.meter(); n != 1 {
			t.Errorf("%d metered later", n)
		}
		r.sound()
	})

	t.Run("a meter that dies in the middle leaves nothing behind, and the next one does its work", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		r.take("a", 0, [][]byte{line(1, hour, "1001", "seal", 200, 1)})
		r.db.MustExec(`create function logs.broken() returns trigger language plpgsql as $$ begin raise exception 'killed'; end $$`)
		r.db.MustExec(`create trigger broken before update on logs.batches for each row when (new.metered_run is not null) execute function logs.broken()`)
		if _, err := r.Meter(ctx); err == nil {
			t.Fatal("metered")
		}
		if r.count(`select count(*) from logs.usage_hours`) != 0 || r.count(`select count(*) from logs.meter_runs`) != 0 {
			t.Error("something was left")
		}
		r.db.MustExec(`drop trigger broken on logs.batches`)
		if n := r.meter(); n != 1 {
			t.Errorf("%d metered", n)
		}
		r.sound()
	})

	t.Run("Meter returns only when a meter at work elsewhere has committed", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		r.take("a", 0, [][]byte{line(1, hour, "1001", "seal", 200, 1)})
		tx := r.db.MustBegin()
		claimed, err := claimUnmetered(ctx, tx, 10)
		if err != nil || len(claimed) != 1 {
			t.Fatal(claimed, err)
		}
		done := make(chan int)
		go func() { n, _ := r.Meter(ctx); done <- n }()
		select {
		case <-done:
			t.Error("returned while a batch was held")
		case <-time.After(100 * time.Millisecond):
		}
		tx.Rollback()
		if n := <-done; n != 1 {
			t.Errorf("%d metered", n)
		}
	})

	t.Run("doctor sees a lost row, a wrong total and a wrong chart", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		for i := range 5 {
			r.take("a", int64(i), [][]byte{line(i, hour, "1001", "seal", 200, 1)})
		}
		r.meter()
		r.sound()
		for broken, mend := range map[string]string{
			`update logs.usage_hours set bytes = bytes + 1`:                                                       `update logs.usage_hours set bytes = bytes - 1`,
			`update logs.rollup_minutes set bytes = bytes + 1`:                                                    `update logs.rollup_minutes set bytes = bytes - 1`,
			`update logs.rollup_hours set billable = billable + 1`:                                                `update logs.rollup_hours set billable = billable - 1`,
			`update logs.batches set stored = 2, lines = 2 where position = 3`:                                    `update logs.batches set stored = 1, lines = 1 where position = 3`,
			`update logs.haproxy_logs set bytes_sent = 9 where rid::text like '00000002%'`:                        `update logs.haproxy_logs set bytes_sent = 1`,
			`update logs.haproxy_logs set timestamp = timestamp - interval '1 h' where rid::text like '0000000%'`: `update logs.haproxy_logs set timestamp = timestamp + interval '1 h'`,
		} {
			r.db.MustExec(broken)
			wrong, err := r.Check(ctx)
			if err != nil || len(wrong) == 0 {
				t.Errorf("not seen: %s: %v", broken, err)
			}
			r.db.MustExec(mend)
			r.sound()
		}
	})
}

func TestBilling(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	hour := now.Truncate(time.Hour)

	t.Run("unbilled hours are locked until the caller is done: the meter waits", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		r.take("a", 0, [][]byte{line(1, hour, "1001", "seal", 200, 1)})
		r.meter()
		r.take("a", 1, [][]byte{line(2, hour, "1001", "seal", 200, 1)})
		tx := r.db.MustBegin()
		hours, err := r.UnbilledHours(ctx, tx, 1001)
		if err != nil || len(hours) != 1 {
			t.Fatal(hours, err)
		}
		done := make(chan struct{})
		go func() { r.meter(); close(done) }()
		select {
		case <-done:
			t.Error("the meter did not wait")
		case <-time.After(100 * time.Millisecond):
		}
		if err := r.MarkBilled(ctx, tx, hours); err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		<-done
		if left := r.unbilled(1001); len(left) != 1 || left[0].Requests != 2 {
			t.Errorf("%+v", left)
		}
		r.sound()
	})

	t.Run("a total that changed since it was read cannot be marked", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		r.take("a", 0, [][]byte{line(1, hour, "1001", "seal", 200, 1)})
		r.meter()
		hours := r.unbilled(1001)
		r.take("a", 1, [][]byte{line(2, hour, "1001", "seal", 200, 1)})
		r.meter()
		if err := r.MarkBilled(ctx, r.db, hours); err == nil {
			t.Error("marked")
		}
	})

	t.Run("a batch closes when nothing in it is still to be billed", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		r.take("a", 0, [][]byte{line(1, hour, "1001", "seal", 200, 1), line(2, hour.Add(-2*time.Hour), "1001", "seal", 200, 1)})
		r.take("a", 1, [][]byte{line(3, hour, "1001", "seal", 200, 1), line(4, hour, "1002", "seal", 200, 1)})
		r.take("a", 2, [][]byte{line(5, hour, "1002", "grpc", 200, 1)})
		r.take("a", 3, [][]byte{line(6, hour, "-", "seal", 200, 1), []byte("junk")})
		r.take("a", 4, [][]byte{[]byte("more junk")})
		r.meter()
		r.take("a", 5, [][]byte{line(7, hour.Add(-5*time.Hour), "1001", "seal", 200, 1)}) // not metered
		r.bill(1001)
		closed := func(run int64) string {
			if err := r.CloseBatches(ctx, r.db, run); err != nil {
				t.Fatal(err)
			}
			return strings.Join(r.texts(`select position || ':' || billed_run from logs.batches where billed_run is not null order by position`), " ")
		}
		if got := closed(7); got != "0:7 3:7 4:7" {
			t.Errorf("closed %s", got)
		}
		r.meter()
		r.bill(1002)
		if got := closed(8); got != "0:7 1:8 2:8 3:7 4:7" {
			t.Errorf("closed %s", got)
		}
		r.bill(1001)
		if got := closed(9); got != "0:7 1:8 2:8 3:7 4:7 5:9" {
			t.Errorf("closed %s", got)
		}
	})
}

func TestDays(t *testing.T) {
	t.Parallel()
	ctx := context.Background()

	t.Run("days stand ready, and go after retention but not before they are metered", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		r.take("a", 0, [][]byte{line(1, now, "1001", "seal", 200, 1)})
		r.take("b", 0, [][]byte{[]byte("junk")})
		r.take("c", 0, [][]byte{line(2, now.AddDate(0, 0, -99), "1001", "seal", 200, 1)})
		partitions := func() int {
			return r.count(`select count(*) from pg_inherits where inhparent = 'logs.haproxy_logs'::regclass`)
		}
		if err := r.turnDays(ctx, now); err != nil || partitions() != 8 {
			t.Fatal(partitions(), err)
		}
		if n := r.count(`select (select count(*) from logs.rejects) + (select count(*) from logs.quarantine)`); n != 2 {
			t.Errorf("%d held back", n)
		}
		later := now.AddDate(0, 0, 100)
		r.kit.Now = func() time.Time { return later }
		if err := r.turnDays(ctx, later); err != nil || partitions() != 9 {
			t.Fatal(partitions(), err) // seven of the first eight are past retention; the one with the unmetered batch stays
		}
		r.meter()
		if err := r.turnDays(ctx, later); err != nil || partitions() != 8 {
			t.Fatal(partitions(), err)
		}
		if n := r.count(`select (select count(*) from logs.rejects) + (select count(*) from logs.quarantine)`); n != 0 {
			t.Errorf("%d still held back", n)
		}
		if n := r.count(`select requests from logs.usage_hours`); n != 1 {
			t.Error("the total went with its rows")
		}
		r.sound()
	})

	t.Run("a day boundary is where UTC says", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		midnight := dayOf(now)
		r.take("a", 0, [][]byte{line(1, midnight, "1001", "seal", 200, 1), line(2, midnight.Add(-time.Millisecond), "1001", "seal", 200, 1)})
		got := strings.Join(r.texts(`select tableoid::regclass::text from logs.haproxy_logs order by timestamp`), " ")
		if got != "logs.haproxy_logs_20261122 logs.haproxy_logs_20261123" {
			t.Error(got)
		}
		r.meter()
		if n := r.count(`select count(*) from logs.usage_hours`); n != 2 {
			t.Errorf("%d hours", n)
		}
	})

	t.Run("a partition dropped behind its back is made again", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		r.take("a", 0, [][]byte{line(1, now, "1001", "seal", 200, 1)})
		r.db.MustExec(`drop table logs.haproxy_logs_20261123`)
		if got := r.take("a", 1, [][]byte{line(2, now, "1001", "seal", 200, 1)}); got.stored != 1 {
			t.Errorf("%+v", got)
		}
	})

	t.Run("making a day stops neither writers nor readers", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		r.take("a", 0, [][]byte{line(1, now, "1001", "seal", 200, 1)})
		tx, err := r.db.BeginTxx(ctx, &sql.TxOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback()
		tx.MustExec(`update logs.haproxy_logs set path = '/'`)
		quick, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		if err := makeDay(quick, r.db, now.AddDate(0, 0, 3)); err != nil {
			t.Error(err)
		}
	})
}
