package billing

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"suiftly/internal/customer"
	"suiftly/internal/jobs"
	"suiftly/internal/money"
	"suiftly/internal/pg"
	"suiftly/internal/pgtest"
)

func TestWorkedExample(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.meter(alice, "seal", ten, 13_000, 12_500, 23_519_500)
	if run := r.run(noon); run.Customers != 1 || run.Hours != 1 || run.Charges != 1 || run.Amount != 1_250_000 {
		t.Fatalf("%+v", run)
	}
	if owes := r.owes(alice); owes != 1_250_000 {
		t.Fatalf("charged %s", owes)
	}
	t.Run("a second run charges nothing", func(t *testing.T) {
		before := r.state()
		if run := r.run(noon); run.Charges != 0 || run.Amount != 0 || run.Customers != 0 {
			t.Fatalf("%+v", run)
		}
		if after := r.state(); after != before {
			t.Fatalf("before:\n%s\nafter:\n%s", before, after)
		}
	})
	t.Run("late rows are a second revision, of the difference", func(t *testing.T) {
		r.meter(alice, "seal", ten, 200, 200, 200*1874)
		if run := r.run(noon.Add(5 * time.Minute)); run.Charges != 1 || run.Amount != 20_000 {
			t.Fatalf("%+v", run)
		}
		var charges []struct {
			Revision                        int
			Requests, Billable, Bytes, Book int64
			Amount                          money.Micros
			Cause                           string
		}
		if err := r.db.Select(&charges, `select revision, requests, billable, bytes, price_book as book, amount_micros as amount, cause from billing.charges order by revision`); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(charges); got != "[{1 13000 12500 23519500 1 1.250000 charge:1001:seal:2026-11-24T10Z:1} {2 200 200 374800 1 0.020000 charge:1001:seal:2026-11-24T10Z:2}]" {
			t.Fatal(got)
		}
		if owes := r.owes(alice); owes != 1_270_000 {
			t.Fatalf("charged %s", owes)
		}
	})
	r.sound()
}

func TestRun(t *testing.T) {
	t.Parallel()
	t.Run("only hours that began before the run are billed, the open one as far as it is", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		r.meter(alice, "seal", ten, 10, 10, 0)
		r.meter(alice, "seal", ten.Add(time.Hour), 10, 10, 0)
		if run := r.run(ten); run.Hours != 0 || r.owes(alice) != 0 {
			t.Fatalf("%+v", run)
		}
		if run := r.run(ten.Add(time.Minute)); run.Hours != 1 || r.owes(alice) != 1000 {
			t.Fatalf("%+v", run)
		}
		r.meter(alice, "seal", ten, 5, 5, 0)
		if run := r.run(ten.Add(time.Hour)); run.Hours != 1 || r.owes(alice) != 1500 {
			t.Fatalf("%+v", run)
		}
		r.run(noon)
		if owes := r.owes(alice); owes != 2500 {
			t.Fatalf("charged %s", owes)
		}
		r.sound()
	})
	t.Run("requests that cost nothing are recorded and not posted", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		r.meter(alice, "seal", ten, 10, 0, 1890)
		if run := r.run(noon); run.Charges != 1 || run.Amount != 0 {
			t.Fatalf("%+v", run)
		}
		if n := number[int](r, `select count(*) from wallet.transactions`); n != 0 {
			t.Fatalf("%d transactions", n)
		}
		r.sound()
	})
	t.Run("a balance is drawn down before a debt begins", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		tx := r.db.MustBegin()
		err := r.wallet.Credit(ctx, tx, walletCredit(alice, 300))
		if err = errors.Join(err, tx.Commit()); err != nil {
			t.Fatal(err)
		}
		r.meter(alice, "seal", ten, 2, 2, 0)
		r.meter(alice, "grpc", ten, 2, 2, 0)
		r.run(noon)
		if owes := r.owes(alice); owes != 100 {
			t.Fatalf("owes %s", owes)
		}
		r.sound()
	})
	t.Run("720 hours of 10 requests are 72 cents, and bandwidth by the byte is bandwidth at once", func(t *testing.T) {
		t.Parallel()
		r := setup(t, func(c *Config) { c.Safety.Factor = 0 })
		first := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
		r.exec(`insert into logs.usage_hours (customer_id, service, hour, requests, billable, bytes, revision)
			select c, s, $1::timestamptz + n * interval '1 hour', 10, 10, 1000003, 1
			from generate_series(0, 719) n, (values (1001::bigint, 'seal'), (1002, 'grpc')) v (c, s)`, first)
		for h := 1; h <= 720; h += 60 {
			r.run(first.Add(time.Duration(h) * time.Hour))
		}
		r.run(first.AddDate(0, 0, 30))
		if owes := r.owes(alice); owes != 720_000 {
			t.Errorf("720 hours of 10 requests cost %s", owes)
		}
		bandwidth, _, err := money.Rate{Micros: 60_000, Per: 1 << 30}.Of(720*1000003, 0)
		if owes := r.owes(bob); err != nil || owes != 720_000+bandwidth {
			t.Errorf("bandwidth by the hour costs %s, at once %s", owes-720_000, bandwidth)
		}
		if n := number[int](r, `select count(*) from billing.charges where revision = 1`); n != 1440 {
			t.Errorf("%d charges", n)
		}
		r.sound()
	})
	t.Run("the record of runs says what happened", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		r.Replica = "edge-1"
		r.meter(alice, "seal", ten, 10, 10, 0)
		r.run(noon)
		runs, err := listRuns(ctx, r.db, math.MaxInt64, 10)
		if err != nil || len(runs) != 1 {
			t.Fatal(runs, err)
		}
		got := runs[0]
		if got.State != stateDone || got.Replica != "edge-1" || !got.At.Equal(noon) || got.Customers != 1 || got.Hours != 1 || got.Charges != 1 ||
			got.Amount != 1000 || got.Finished == nil || got.Error != "" {
			t.Fatalf("%+v", got)
		}
	})
	t.Run("a run whose replica died is marked by the next holder", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		r.exec(`insert into ops.job_fences (job, epoch) values ('billing.run', 2)`)
		r.exec(`insert into billing.runs (at, epoch, replica, started_at) values ($1, 1, 'dead', $1)`, noon)
		if _, err := r.Module.run(ctx, noon, jobs.Fence{Job: "billing.run", Epoch: 2}); err != nil {
			t.Fatal(err)
		}
		if state := number[string](r, `select state from billing.runs where replica = 'dead'`); state != "abandoned" {
			t.Fatal(state)
		}
	})
	t.Run("a cancelled run is recorded as failed and charges nobody by halves", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		r.meter(alice, "seal", ten, 10, 10, 0)
		stopped, cancel := context.WithCancel(ctx)
		// Cancelled in the middle: billing waits for the hour, which somebody holds.
		hold := r.db.MustBegin()
		hold.MustExec(`select 1 from logs.usage_hours for update`)
		done := make(chan error, 1)
		go func() { _, err := r.RunOnce(stopped, noon); done <- err }()
		r.waitFor(`select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')`)
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v", err)
		}
		_ = hold.Rollback()
		if state := number[string](r, `select state from billing.runs`); state != stateFailed {
			t.Fatal(state)
		}
		if n := number[int](r, `select count(*) from billing.parked`); n != 0 {
			t.Fatal("a cancelled run parked a customer")
		}
		r.run(noon)
		if owes := r.owes(alice); owes != 1000 {
			t.Fatalf("charged %s", owes)
		}
	})
}

// waitFor asks until the answer is true.
func (r *room) waitFor(query string) {
	r.t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
		if number[bool](r, query) {
			return
		}
	}
	r.t.Fatalf("never true: %s", query)
}

// load meters some hours of many customers.
func (r *room) load(customers int) {
	r.t.Helper()
	for i := range customers {
		id := customer.ID(2000 + i)
		pgtest.Customer(r.t, r.db, id)
		for h := range 3 {
			n := int64(1 + (i*7+h*3)%50)
			r.meter(id, "seal", ten.Add(time.Duration(h)*time.Hour), n+3, n, n*1874)
			r.meter(id, "grpc", ten.Add(time.Duration(h)*time.Hour), n, n, n*1_000_003)
		}
	}
}

func TestRivals(t *testing.T) {
	t.Parallel()
	const customers = 20
	alone := setup(t)
	alone.load(customers)
	alone.run(noon)
	alone.load(customers)
	alone.run(noon)
	want := alone.state()
	alone.sound()

	t.Run("64 runs of three replicas at once, without any lock and in other groups, bill the same as one", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		replicas := []*room{r, on(t, r.db), on(t, r.db)}
		replicas[1].groupHours, replicas[2].groupHours = 1, 40
		for range 2 {
			r.load(customers)
			for _, err := range atOnce(64, func(i int) error {
				_, err := replicas[i%3].RunOnce(ctx, noon)
				return err
			}) {
				if err != nil {
					t.Error(err)
				}
			}
		}
		if got := r.state(); got != want {
			t.Fatalf("three replicas:\n%s\none:\n%s", got, want)
		}
		r.sound()
	})
	t.Run("usage that is metered while runs go on is charged once", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		replicas := []*room{r, on(t, r.db), on(t, r.db)}
		errs := atOnce(24, func(i int) error {
			if i < 4 {
				for k := range 25 {
					r.meter(alice, "grpc", ten.Add(time.Duration((i+k)%3)*time.Hour), 3, 2, 777_777)
				}
				return nil
			}
			_, err := replicas[i%3].RunOnce(ctx, noon.Add(time.Hour))
			return err
		})
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		r.run(noon.Add(time.Hour))
		bandwidth, _, _ := money.Rate{Micros: 60_000, Per: 1 << 30}.Of(100*777_777, 0)
		if owes := r.owes(alice); owes != 200*100+bandwidth {
			t.Fatalf("charged %s, want %s", owes, 200*100+bandwidth)
		}
		r.sound()
	})
	t.Run("a holder that lost the fence writes nothing, not even in the middle of its run", func(t *testing.T) {
		t.Parallel()
		r := setup(t, func(c *Config) { c.Workers = 1 })
		r.groupHours = 1
		for _, id := range []customer.ID{alice, bob, carol} {
			r.meter(id, "seal", ten, 10, 10, 0)
		}
		r.exec(`insert into ops.job_fences (job, epoch) values ('billing.run', 2)`)
		before := r.state()
		if _, err := r.Module.run(ctx, noon, jobs.Fence{Job: "billing.run", Epoch: 1}); !errors.Is(err, jobs.ErrFenced) {
			t.Fatalf("got %v", err)
		}
		if after := r.state(); after != before || number[int](r, `select count(*) from billing.runs`) != 0 {
			t.Fatalf("a fenced run wrote\n%s", after)
		}
		// A later holder takes over while bob is billed: bob's transaction was in time, carol's is not.
		r.exec(`create function public.takeover() returns trigger language plpgsql as $$ begin update ops.job_fences set epoch = epoch + 1; return new; end $$`)
		r.exec(`create trigger takeover after insert on billing.charges for each row when (new.customer_id = 1002) execute function public.takeover()`)
		if _, err := r.Module.run(ctx, noon, jobs.Fence{Job: "billing.run", Epoch: 2}); !errors.Is(err, jobs.ErrFenced) {
			t.Fatalf("got %v", err)
		}
		if a, b, c := r.owes(alice), r.owes(bob), r.owes(carol); a != 1000 || b != 1000 || c != 0 {
			t.Fatalf("charged %s, %s, %s", a, b, c)
		}
		if state := number[string](r, `select state from billing.runs`); state != "running" {
			t.Fatalf("the fenced run wrote its end: %s", state)
		}
		r.exec(`drop trigger takeover on billing.charges`)
		r.run(noon)
		if c := r.owes(carol); c != 1000 {
			t.Fatalf("charged %s", c)
		}
		r.sound()
	})
}

func TestFailureInTheMiddle(t *testing.T) {
	t.Parallel()
	for table, when := range map[string]string{
		"billing.carries":       "new.customer_id = 1001",
		"billing.charges":       "new.customer_id = 1001",
		"billing.usage_metrics": "new.customer_id = 1001",
		"wallet.transactions":   "new.customer_id = 1001",
		"wallet.balances":       "new.customer_id = 1001 and new.receivable_micros > 0",
		"logs.usage_hours":      "new.customer_id = 1001",
	} {
		t.Run(table, func(t *testing.T) {
			t.Parallel()
			r := setup(t)
			r.meter(alice, "grpc", ten, 10, 10, 1<<20)
			r.meter(bob, "grpc", ten, 20, 20, 1<<20)
			mend := r.breakOn(table, when)
			run, err := r.RunOnce(ctx, noon)
			if !errors.Is(err, ErrParked) || run.State != statePartial || run.Customers != 1 || run.Parked != 1 {
				t.Fatalf("%v %+v", err, run)
			}
			if strings.Contains(r.state(), "charge:1001") || r.owes(alice) != 0 || r.owes(bob) != 2058 {
				t.Fatalf("left behind:\n%s", r.state())
			}
			parked, err := r.Parked(ctx)
			if err != nil || len(parked) != 1 || parked[0].Customer != alice || parked[0].Reason != "failed" || parked[0].Review ||
				!strings.Contains(parked[0].Detail, "broken on purpose") {
				t.Fatalf("%v %+v", err, parked)
			}
			if _, err := r.RunOnce(ctx, noon); !errors.Is(err, ErrParked) || number[int](r, `select tries from billing.parked`) != 2 {
				t.Fatal(err)
			}
			mend()
			r.run(noon)
			if owes := r.owes(alice); owes != 1058 || number[int](r, `select count(*) from billing.parked`) != 0 {
				t.Fatalf("charged %s", owes)
			}
			r.sound()
		})
	}
}

func TestAnotherSessionTimeZone(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	sep := "?"
	if strings.Contains(url, "?") {
		sep = "&"
	}
	db, err := pg.Open(ctx, url+sep+"timezone=Pacific/Chatham", 8) // UTC+13:45 on this day
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if zone := number[string](&room{nil, t, db}, `show timezone`); zone != "Pacific/Chatham" {
		t.Fatal(zone)
	}
	pgtest.Customer(t, db, alice)
	r := on(t, db)
	lastOfMonth := time.Date(2026, 10, 31, 23, 0, 0, 0, time.UTC)
	for _, hour := range []time.Time{lastOfMonth, lastOfMonth.Add(time.Hour), lastOfMonth.Add(2 * time.Hour)} {
		r.meter(alice, "grpc", hour, 1, 1, 1<<20)
	}
	r.run(noon)
	if got := number[string](r, `select string_agg(to_char(month, 'YYYY-MM-DD') || '=' || carry, ' ' order by month, carry) from billing.carries where item = 'bandwidth'`); !strings.HasPrefix(got, "2026-10-01=") ||
		strings.Count(got, "2026-11-01") != 1 {
		t.Fatalf("months in the session's zone: %s", got)
	}
	if got := number[string](r, `select string_agg(cause, ' ' order by cause) from billing.charges`); got !=
		"charge:1001:grpc:2026-10-31T23Z:1 charge:1001:grpc:2026-11-01T00Z:1 charge:1001:grpc:2026-11-01T01Z:1" {
		t.Fatal(got)
	}
	u, err := r.Usage(ctx, alice, lastOfMonth, lastOfMonth.Add(3*time.Hour), stepDay)
	if err != nil || len(u.Buckets) != 2 || !u.Buckets[0].Start.Equal(lastOfMonth.Truncate(24*time.Hour)) || u.Buckets[0].Requests != 1 || u.Buckets[1].Requests != 2 {
		t.Fatalf("%v %+v", err, u)
	}
	r.sound()
}
