package logs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"suiftly/internal/customer"
	"suiftly/internal/pgtest"
)

func TestIntake(t *testing.T) {
	t.Parallel()

	t.Run("the sample lines become exactly their rows, whatever they come in", func(t *testing.T) {
		t.Parallel()
		lines := sampleLines(t)
		first := setup(t)
		if got := first.take("a", 0, lines); got.stored != len(lines) || got.unattributed != 27 {
			t.Fatalf("%+v", got)
		}
		first.meter()
		first.sound()

		second := setup(t)
		mixed := shuffled(lines, 7)
		for i := 0; i < len(mixed); i += 13 {
			second.take("b", int64(i), mixed[i:min(len(mixed), i+13)])
			second.meter()
		}
		second.sound()
		if a, b := first.rows(), second.rows(); a != b {
			t.Errorf("other rows:\n%s\n\n%s", a, b)
		}
		if a, b := first.totals(), second.totals(); a != b {
			t.Errorf("other totals:\n%s\n\n%s", a, b)
		}
	})

	t.Run("the same lines again, in any order and split anywhere, change nothing", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		lines := sampleLines(t)
		r.take("a", 0, lines)
		r.meter()
		rows, totals := r.rows(), r.totals()
		if got := r.take("b", 0, shuffled(lines, 1)); got.duplicates != len(lines) || got.stored != 0 {
			t.Errorf("%+v", got)
		}
		mixed := shuffled(append(append([][]byte{}, lines...), lines...), 2)
		for i := 0; i < len(mixed); i += 37 {
			r.take("c", int64(i), mixed[i:min(len(mixed), i+37)])
		}
		r.meter()
		if r.rows() != rows || r.totals() != totals {
			t.Error("rows or totals changed")
		}
		r.sound()
	})

	t.Run("a batch that is sent again is there once", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		lines := sampleLines(t)
		r.take("edge1", 400, lines[:50])
		if got := r.take("edge1", 400, lines[:50]); !got.again {
			t.Errorf("%+v", got)
		}
		if n := r.count(`select count(*) from logs.batches`); n != 1 {
			t.Errorf("%d batches", n)
		}
	})

	t.Run("a batch that its sender cut differently loses none of its lines", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		lines := sampleLines(t)
		r.take("edge1", 400, lines[:50])
		for range 2 {
			r.take("edge1", 400, lines[:80])
		}
		r.take("edge1", 400, lines[:30])
		if rows, all := r.count(allRows), r.count(allLines); rows != 80 || all != 160 {
			t.Errorf("%d rows, %d lines", rows, all)
		}
		r.meter()
		r.sound()
	})

	t.Run("a line twice in one batch is one row and one duplicate", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		lines := sampleLines(t)
		if got := r.take("a", 0, [][]byte{lines[0], lines[1], lines[0]}); got.stored != 2 || got.duplicates != 1 {
			t.Errorf("%+v", got)
		}
	})

	t.Run("a line that cannot be read is kept with its reason and place, without its query string", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		good := sampleLines(t)[0]
		long := []byte("GET /secret?token=1234")
		got := r.take("a", 0, [][]byte{good, good[:200], long, []byte("\x00\xff"), long})
		if got.stored != 1 || got.rejected != 3 || got.duplicates != 1 {
			t.Errorf("%+v", got)
		}
		want := "2 cut " + string(good[:200]) + "|3 header GET /secret|4 header \ufffd"
		if got := strings.Join(r.texts(`select line_number || ' ' || reason || ' ' || line from logs.rejects order by line_number`), "|"); got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
		r.meter()
		r.sound()
	})

	t.Run("rows of nobody we know are kept, counted, and never billed", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		lines := [][]byte{
			line(1, now, "1001", "seal", 200, 10), line(2, now, "7", "seal", 200, 10), line(3, now, "-", "seal", 200, 10),
			line(4, now, "0x41'; drop", "seal", 200, 10), line(5, now, "01001", "seal", 200, 10), line(6, now, "1001", "-", 200, 10),
			line(7, now, "1001", strings.Repeat("s", 3000), 200, 10), line(8, now, "9223372036854775808", "seal", 200, 10),
			line(9, now, "1001", `se\u0000al\n`, 200, 10),
		}
		if got := r.take("a", 0, lines); got.stored != 9 || got.unattributed != 8 {
			t.Errorf("%+v", got)
		}
		want := "7|-|0x41'; drop|01001|1001|1001|9223372036854775808|1001"
		want = strings.Replace(want, "-", "", 1)
		if got := strings.Join(r.texts(`select claimed from logs.haproxy_logs where customer_id = 0 order by rid`), "|"); got != want {
			t.Errorf("claimed %q", got)
		}
		r.meter()
		r.sound()
		ids, err := r.UnbilledCustomers(context.Background(), r.db)
		if err != nil || len(ids) != 1 || ids[0].Customer != 1001 {
			t.Errorf("%v %v", ids, err)
		}
	})

	t.Run("a row too far in the future or the past is held back, once", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		lines := [][]byte{
			line(1, now.Add(5*time.Minute), "1001", "seal", 200, 1), line(2, now.Add(5*time.Minute+time.Millisecond), "1001", "seal", 200, 1),
			line(3, now.AddDate(0, 0, -35), "1001", "seal", 200, 1), line(4, now.AddDate(0, 0, -35).Add(-time.Millisecond), "1001", "seal", 200, 1),
			line(5, time.Unix(5, 0), "1001", "seal", 200, 1),
		}
		if got := r.take("a", 0, lines); got.stored != 2 || got.quarantined != 3 {
			t.Errorf("%+v", got)
		}
		if got := r.take("b", 0, lines); got.duplicates != 5 {
			t.Errorf("%+v", got)
		}
		if got := strings.Join(r.texts(`select reason from logs.quarantine order by timestamp`), " "); got != "old old future" {
			t.Errorf("%q", got)
		}
		r.meter()
		r.sound()
		if n := r.count(`select sum(requests) from logs.usage_hours`); n != 2 {
			t.Errorf("%d metered", n)
		}
	})

	t.Run("days of a batch get their partition with it, made by two replicas at once", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		other := on(t, r.db)
		var wait sync.WaitGroup
		for i, room := range []*room{r, other, r, other} {
			wait.Go(func() {
				var lines [][]byte
				for d := range 20 {
					lines = append(lines, line(i*100+d, now.AddDate(0, 0, -d), "1001", "seal", 200, 1))
				}
				room.take(fmt.Sprint("s", i), 0, lines)
			})
		}
		wait.Wait()
		if n := r.count(allRows); n != 80 {
			t.Errorf("%d rows", n)
		}
		r.meter()
		r.sound()
	})

	t.Run("two ingesters with the same lines at once store them once", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		other := on(t, r.db)
		var lines [][]byte
		for i := range 3000 {
			lines = append(lines, line(i, now.Add(-time.Duration(i)*time.Second), fmt.Sprint(1001+i%7), "seal", 200, i))
		}
		var wait sync.WaitGroup
		var done [4]written
		for i, room := range []*room{r, other, r, other} {
			wait.Go(func() { done[i] = room.take(fmt.Sprint("s", i), 0, shuffled(lines, uint64(i))) })
		}
		wait.Wait()
		stored := 0
		for _, d := range done {
			stored += d.stored
		}
		if n := r.count(allRows); n != 3000 || stored != 3000 {
			t.Errorf("%d rows, %d said to be stored", n, stored)
		}
		r.meter()
		r.sound()
	})

	t.Run("a line that Postgres refuses is rejected and holds nobody up", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		r.db.MustExec(`alter table logs.haproxy_logs add constraint no_teapots check (status <> 418)`)
		lines := [][]byte{
			line(1, now, "1001", "seal", 200, 1), line(2, now, "1001", "seal", 418, 1), line(3, now, "1001", "seal", 200, 1),
			line(3, now, "1001", "seal", 200, 1), line(4, now.AddDate(0, 0, -50), "1001", "seal", 200, 1), []byte("junk"),
		}
		if got := r.take("a", 0, lines); got != (written{stored: 2, duplicates: 1, rejected: 2, quarantined: 1}) {
			t.Errorf("%+v", got)
		}
		if n := r.count(`select count(*) from logs.rejects where reason = 'refused' and line like '%418%'`); n != 1 {
			t.Errorf("%d refused", n)
		}
		r.meter()
		r.sound()
	})

	t.Run("when it cannot be asked who exists, lines wait instead of becoming nobody's", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		asked, known := 0, r.Known
		r.Known = func(ctx context.Context, ids []customer.ID) (map[customer.ID]bool, error) {
			if asked++; asked < 3 {
				return nil, errors.New("database down")
			}
			return known(ctx, ids)
		}
		if got := r.take("a", 0, [][]byte{line(1, now, "1001", "seal", 200, 1)}); got.unattributed != 0 || asked != 3 {
			t.Errorf("%+v after %d", got, asked)
		}
		r.take("a", 1, [][]byte{line(2, now, "1001", "seal", 200, 1)})
		if asked != 3 {
			t.Error("a known customer was asked for again")
		}
		r.take("a", 2, [][]byte{line(3, now, "5", "seal", 200, 1)})
		r.take("a", 3, [][]byte{line(4, now, "5", "seal", 200, 1)})
		if asked != 5 {
			t.Error("an unknown customer was remembered")
		}
	})

	t.Run("a failure of Postgres half way through a batch leaves nothing, and the batch waits", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		r.db.MustExec(`create function logs.broken() returns trigger language plpgsql as $$ begin
			if new.path = '/v1/fetch_key' and new.bytes_sent = 77 then raise exception 'disk on fire'; end if; return new; end $$`)
		r.db.MustExec(`create trigger broken before insert on logs.haproxy_logs for each row execute function logs.broken()`)
		lines := [][]byte{line(1, now, "1001", "seal", 200, 1), line(2, now, "1001", "seal", 200, 77)}
		ctx, giveUp := context.WithTimeout(context.Background(), 300*time.Millisecond)
		defer giveUp()
		b := r.linesOf("a", 0, lines)
		if _, err := r.intake.write(ctx, b); err == nil {
			t.Fatal("written")
		}
		if r.count(allRows) != 0 || r.count(`select count(*) from logs.batches`) != 0 {
			t.Error("something was left")
		}
		done := make(chan written)
		go func() {
			w, _ := r.intake.write(context.Background(), b)
			done <- w
		}()
		r.db.MustExec(`drop trigger broken on logs.haproxy_logs`)
		if w := <-done; w.stored != 2 {
			t.Errorf("%+v", w)
		}
		r.sound()
	})

	t.Run("connections killed under it lose and double nothing", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		ctx, cancel := context.WithCancel(context.Background())
		var killer sync.WaitGroup
		killer.Go(func() {
			for ctx.Err() == nil {
				// Only those in a transaction: an idle one would just be replaced.
				r.db.Exec(`select pg_terminate_backend(pid) from pg_stat_activity
					where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null`)
				time.Sleep(3 * time.Millisecond)
			}
		})
		var writers sync.WaitGroup
		for w := range 3 {
			writers.Go(func() {
				for i := range 20 {
					var lines [][]byte
					for j := range 200 {
						n := i*200 + j // the same lines from all three
						lines = append(lines, line(n, now.Add(-time.Duration(n)*time.Second), "1001", "seal", 200, 1))
					}
					r.take(fmt.Sprint("s", w), int64(i), shuffled(lines, uint64(w)))
				}
			})
		}
		writers.Wait()
		cancel()
		killer.Wait()
		if n := r.count(allRows); n != 4000 {
			t.Errorf("%d rows", n)
		}
		if n := r.count(allLines); n != 12000 {
			t.Errorf("%d lines", n)
		}
		r.meter()
		r.sound()
	})

	t.Run("client addresses are kept as configured", func(t *testing.T) {
		t.Parallel()
		six := bytes.ReplaceAll(line(2, now, "1001", "seal", 200, 1), []byte("10.1.2.3"), []byte("2001:db8:1:2::3"))
		for what, want := range map[string]string{"full": "10.1.2.3|2001:db8:1:2::3", "truncated": "10.1.2.0|2001:db8:1::", "none": "|"} {
			r := setup(t, func(c *Config) { c.ClientIP = what })
			r.take("a", 0, [][]byte{line(1, now, "1001", "seal", 200, 1), six})
			if got := strings.Join(r.texts(`select coalesce(host(client_ip), '') from logs.haproxy_logs order by rid`), "|"); got != want {
				t.Errorf("%s: %s", what, got)
			}
		}
	})

	t.Run("what is billable is decided by the configuration at intake", func(t *testing.T) {
		t.Parallel()
		r := setup(t, func(c *Config) { c.BillableFrom, c.BillableTo = 200, 499 })
		r.take("a", 0, [][]byte{line(1, now, "1001", "seal", 404, 1), line(2, now, "1001", "seal", 500, 1), line(3, now, "1001", "seal", -1, 1)})
		later := on(t, r.db)
		later.take("b", 0, [][]byte{line(4, now, "1001", "seal", 404, 1)})
		later.meter()
		later.sound()
		if n := r.count(`select sum(billable) from logs.usage_hours`); n != 1 {
			t.Errorf("%d billable", n)
		}
	})
}

func TestStatements(t *testing.T) {
	db := pgtest.DB(t)
	pgtest.Prepare(t, db, map[string]string{
		"used":              usedSQL,
		"unbilledCustomers": unbilledCustomers, "unbilledHours": unbilledHours, "markBilled": markBilled, "unmeteredBatches": unmeteredBatches,
		"awaitUnmetered": awaitUnmetered, "addMeterRun": addMeterRun, "meterBatches": meterBatches, "markMetered": markMetered,
		"openBatches": openBatches, "closeBatches": closeBatches, "addBatch": addBatch, "recordedLines": recordedLines, "recordedBatches": recordedBatches, "readTail": readTail, "setTail": setTail,
		"linesBySource": linesBySource, "latestRejects": latestRejects, "latestQuarantine": latestQuarantine, "nextRedrive": nextRedrive,
		"heldDays": heldDays, "releaseQuarantined": releaseQuarantined, "fillBatch": fillBatch, "unreadRejects": unreadRejects,
		"markRedriven": markRedriven, "claims": claims, "checkHeld": checkHeld, "recountBatch": recountBatch,
		"addRejects": addRejects, "makePartition": makePartition, "dropPartitions": dropPartitions, "forgetRejects": forgetRejects,
		"forgetQuarantine": forgetQuarantine, "admitReader": admitReader, "becomeReader": becomeReader, "freshBatches": freshBatches, "minuteBuckets": minuteBuckets, "hourBuckets": hourBuckets,
		"checkBatches": checkBatches, "checkTotals": checkTotals, "checkRollups": checkRollups, "billedSums": billedSums, "allUnbilled": allUnbilled, "ownHours": ownHoursSQL,
	})
	// These need the table beside the log table, which lives as long as a transaction.
	tx, err := db.Beginx()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	for _, query := range []string{makeAside, takeAside, holdFromAside} {
		if _, err := tx.Exec(query); err != nil {
			t.Errorf("%v: %s", err, query)
		}
	}
}
