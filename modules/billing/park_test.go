package billing

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"suiftly/internal/customer"
	"suiftly/internal/money"
	"suiftly/modules/wallet"
)

func walletCredit(id customer.ID, amount money.Micros) wallet.Credit {
	return wallet.Credit{Customer: id, Amount: amount, Source: "promo", Cause: "test credit", At: ten}
}

// parkedAs expects exactly alice to be parked by the next run, for a reason.
func (r *room) parkedAs(reason string, review bool) {
	r.t.Helper()
	run, err := r.RunOnce(ctx, noon)
	if !errors.Is(err, ErrParked) || run.State != statePartial || run.Error == "" {
		r.t.Fatalf("%v %+v", err, run)
	}
	parked, err := r.Parked(ctx)
	if err != nil || len(parked) != 1 || parked[0].Customer != alice || parked[0].Reason != reason || parked[0].Review != review {
		r.t.Fatalf("%v %+v", err, parked)
	}
}

func TestParking(t *testing.T) {
	t.Parallel()
	operator := customer.With(ctx, customer.Identity{ID: 1500, Operator: true})
	t.Run("a service without a price parks its customer until it has one; the others are billed", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		r.meter(alice, "walrus", ten, 10, 10, 0)
		r.meter(alice, "seal", ten, 10, 10, 0)
		r.meter(bob, "seal", ten, 10, 10, 0)
		r.parkedAs("no_price", false)
		if r.owes(alice) != 0 || r.owes(bob) != 1000 {
			t.Fatalf("charged %s and %s", r.owes(alice), r.owes(bob))
		}
		if err := r.Resume(operator, alice); !errors.Is(err, ErrNotInReview) {
			t.Fatal(err)
		}
		r.exec(`update logs.usage_hours set service = 'graphql' where service = 'walrus'`)
		r.run(noon)
		if owes := r.owes(alice); owes != 2000 || number[int](r, `select count(*) from billing.parked`) != 0 {
			t.Fatalf("charged %s", owes)
		}
		r.sound()
	})
	t.Run("a customer with nothing left to bill is parked no longer", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		r.meter(alice, "walrus", ten, 10, 10, 0)
		r.parkedAs("no_price", false)
		r.exec(`delete from logs.usage_hours`)
		if run := r.run(noon); run.Parked != 0 || number[int](r, `select count(*) from billing.parked`) != 0 {
			t.Fatalf("%+v", run)
		}
	})
	t.Run("a panic over one customer is that customer's failure, and gives the connection back", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		r.db.SetMaxOpenConns(1)
		broken := &bill{m: r.Module}
		for range 2 {
			if _, err := broken.together(ctx, []turn{{id: alice}}); err == nil || !strings.Contains(err.Error(), "panic: ") {
				t.Fatalf("got %v", err)
			}
		}
	})
	t.Run("an overflow parks", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		r.meter(alice, "seal", ten, math.MaxInt64, math.MaxInt64, 0)
		r.parkedAs("overflow", false)
		r.sound()
	})
	t.Run("a debt beyond what an account holds parks", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		r.meter(alice, "seal", ten, math.MaxInt64/100, math.MaxInt64/100, 0)
		r.run(noon)
		r.meter(alice, "grpc", ten, 1000, 1000, 0)
		r.parkedAs("overflow", false)
		r.sound()
	})
	t.Run("a total that fell waits for an operator, and is given back once", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		r.meter(alice, "seal", ten, 10, 10, 0)
		r.run(noon)
		r.exec(`update logs.usage_hours set requests = 7, billable = 7, revision = revision + 1`)
		r.parkedAs("total_fell", true)
		// Waiting is no failure of later runs, and nothing moves.
		if run := r.run(noon); run.Parked != 1 || r.owes(alice) != 1000 {
			t.Fatalf("%+v", run)
		}
		if err := r.Resume(operator, alice); err != nil {
			t.Fatal(err)
		}
		if n := number[int](r, `select count(*) from ops.audit where action = 'billing.resumed' and customer_id = 1001 and actor = 'customer:1500'`); n != 1 {
			t.Fatalf("%d audit rows", n)
		}
		for range 2 {
			r.run(noon)
			if owes := r.owes(alice); owes != 700 {
				t.Fatalf("owes %s", owes)
			}
		}
		if err := r.Resume(operator, alice); !errors.Is(err, ErrNotParked) {
			t.Fatal(err)
		}
		r.sound()
	})
	t.Run("an hour of more than 100 times the usual waits for an operator", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		for h := range 30 {
			r.meter(alice, "seal", ten.Add(-time.Duration(h+1)*time.Hour), 500, 500, 0)
		}
		r.meter(bob, "seal", ten, 10_000_000, 10_000_000, 0)
		r.run(ten.Add(time.Minute)) // bob is new: $1000 in his first hour are no reason
		r.meter(alice, "seal", ten, 50_000, 50_000, 0)
		r.run(noon) // exactly 100 times
		r.meter(alice, "seal", ten, 1, 1, 0)
		r.parkedAs("too_much", true)
		before := r.owes(alice)
		if err := r.Resume(operator, alice); err != nil {
			t.Fatal(err)
		}
		r.run(noon)
		if owes := r.owes(alice); owes != before+100 {
			t.Fatalf("owes %s after %s", owes, before)
		}
		r.sound()
	})
	t.Run("billed_through stands still for a parked customer", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		through := func(id customer.ID) time.Time {
			u, err := r.Usage(ctx, id, ten, noon, stepHour)
			if err != nil {
				t.Fatal(err)
			}
			return u.Through
		}
		if !through(alice).IsZero() {
			t.Fatal("billed through before the first run")
		}
		at := func(now time.Time) { r.kit.Now = func() time.Time { return now } }
		at(ten)
		r.run(ten)
		r.meter(alice, "walrus", ten, 1, 1, 0)
		at(ten.Add(time.Hour))
		if _, err := r.RunOnce(ctx, ten.Add(time.Hour)); !errors.Is(err, ErrParked) {
			t.Fatal(err)
		}
		at(noon)
		_, _ = r.RunOnce(ctx, noon)
		if a, b := through(alice), through(bob); !a.Equal(ten) || !b.Equal(noon) {
			t.Fatalf("alice %s, bob %s", a, b)
		}
	})
}

func TestUsage(t *testing.T) {
	t.Parallel()
	r := setup(t)
	as := func(id customer.ID) context.Context { return customer.With(ctx, customer.Identity{ID: id}) }
	yesterday := ten.AddDate(0, 0, -1)
	r.meter(alice, "seal", yesterday, 12, 10, 500)
	r.meter(alice, "seal", ten, 24, 20, 600)
	r.meter(alice, "grpc", ten, 5, 5, 1<<30)
	r.meter(bob, "grpc", ten, 7, 7, 0)
	r.run(noon)
	get := func(id customer.ID, from, to time.Time, step string) usageAnswer {
		t.Helper()
		out, err := r.getUsage(as(id), &usageInput{from, to, step})
		if err != nil {
			t.Fatal(err)
		}
		return out.Body
	}
	t.Run("by hour, with sums by service and in all", func(t *testing.T) {
		u := get(alice, yesterday.Add(time.Minute), ten.Add(time.Minute), stepHour)
		if len(u.Buckets) != 3 || len(u.Services) != 2 || u.Total != (usageSum{41, 35, 1100 + 1<<30, 3500 + 60_000, 0}) ||
			u.Services[0] != (usageService{"seal", 36, 30, 1100, 3000, 0}) || u.Buckets[1] != (usageBucket{ten, "grpc", 5, 5, 1 << 30, 60_500, 0}) ||
			u.Through == nil || !u.Through.Equal(noon) || !u.From.Equal(yesterday) || !u.To.Equal(ten.Add(time.Hour)) {
			t.Fatalf("%+v", u)
		}
	})
	t.Run("by UTC day", func(t *testing.T) {
		if u := get(alice, yesterday, ten, stepDay); len(u.Buckets) != 3 || !u.Buckets[0].Start.Equal(yesterday.Truncate(24*time.Hour)) || u.Total.Amount != 63_500 {
			t.Fatalf("%+v", u)
		}
	})
	t.Run("the end is not included, and others' usage is nobody's business", func(t *testing.T) {
		if u := get(alice, yesterday, ten, stepHour); len(u.Buckets) != 1 {
			t.Fatalf("%+v", u)
		}
		if u := get(carol, yesterday, noon, stepHour); len(u.Buckets) != 0 || u.Total != (usageSum{}) {
			t.Fatalf("%+v", u)
		}
	})
	t.Run("a range that makes no sense names the field", func(t *testing.T) {
		for _, in := range []usageInput{{noon, ten, stepHour}, {ten, ten, stepHour}, {ten, ten.AddDate(0, 0, 32), stepHour}, {ten, ten.AddDate(2, 0, 0), stepDay}} {
			if _, err := r.getUsage(as(alice), &in); !errors.Is(err, ErrBadRange) {
				t.Errorf("%+v: %v", in, err)
			}
		}
	})
	t.Run("runs come newest first, page by page", func(t *testing.T) {
		r.run(noon)
		r.run(noon)
		var ids []int64
		in := pageInput{Limit: 2}
		for {
			out, err := r.getRuns(ctx, &in)
			if err != nil {
				t.Fatal(err)
			}
			for _, run := range out.Body.Runs {
				ids = append(ids, run.ID)
			}
			if in.Cursor = out.Body.NextCursor; in.Cursor == "" {
				break
			}
		}
		if len(ids) != 3 || ids[0] != 3 || ids[2] != 1 {
			t.Fatal(ids)
		}
		if _, err := r.getRuns(ctx, &pageInput{Limit: 2, Cursor: "?"}); !errors.Is(err, errCursor) {
			t.Fatal(err)
		}
	})
}
