package billing

import (
	"errors"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"suiftly/internal/customer"
	"suiftly/internal/money"
	"suiftly/modules/services"
)

var november = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

func TestPlanFees(t *testing.T) {
	t.Parallel()
	t.Run("a month, hour by hour, adds up to its exact price; the first second of the next costs the next", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		february := time.Date(2028, 2, 1, 0, 0, 0, 0, time.UTC) // 29 days: $20 do not divide by its seconds
		r.enable(alice, "seal", 20*money.Dollar, february)
		for at := february.Add(7 * time.Hour); at.Before(february.AddDate(0, 1, 0)); at = at.Add(7 * time.Hour) {
			r.run(at)
		}
		r.run(february.AddDate(0, 1, 0))
		if owes := r.owes(alice); owes != 20*money.Dollar {
			t.Fatalf("a month of $20 cost %s", owes)
		}
		r.disable(alice, "seal", february.AddDate(0, 1, 0).Add(time.Second))
		r.run(february.AddDate(0, 1, 1))
		if owes := r.owes(alice); owes != 20*money.Dollar+20_000_000/(31*86400) {
			t.Fatalf("and a second: %s", owes)
		}
		r.sound()
	})
	t.Run("a change of the configuration and a suspension count to the second, whenever billing looks", func(t *testing.T) {
		t.Parallel()
		history := func(r *room) {
			r.enable(alice, "grpc", 20*money.Dollar, november.Add(600*time.Millisecond))
			r.configure(alice, "grpc", 40*money.Dollar, november.Add(90*time.Minute))
			r.exec(`insert into services.suspensions (customer_id, reason, suspended_at, resumed_at) values ($1, 'operator', $2, $3), ($1, 'nonpayment', $2, $4)`,
				alice, november.Add(2*time.Hour), november.Add(150*time.Minute), november.Add(140*time.Minute))
			r.disable(alice, "grpc", november.Add(3*time.Hour))
		}
		// 90 minutes of $20 and 60 of $40, of a month of 30 days.
		const want = money.Micros((90*60*20_000_000 + 60*60*40_000_000) / (30 * 86400))
		once := setup(t)
		history(once)
		once.run(november.AddDate(0, 0, 3))
		often := setup(t)
		history(often)
		for m := 7; m < 300; m += 7 {
			often.run(november.Add(time.Duration(m) * time.Minute))
		}
		if a, b := once.owes(alice), often.owes(alice); a != want || b != want {
			t.Fatalf("at once %s, often %s, want %s", a, b, want)
		}
		once.sound()
		often.sound()
	})
	t.Run("a fee that counted a second too much is given back by the next run", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		r.enable(alice, "grpc", 2_592_000, november) // a micro a second
		r.run(november.Add(time.Hour))
		r.disable(alice, "grpc", november.Add(3590*time.Second)) // on a replica whose clock is behind
		r.run(november.Add(2 * time.Hour))
		if owes := r.owes(alice); owes != 3590 {
			t.Fatalf("owes %s", owes)
		}
		r.run(november.Add(3 * time.Hour))
		if n := number[int](r, `select count(*) from billing.fees`); n != 2 {
			t.Fatalf("%d fees", n)
		}
		r.sound()
	})
	t.Run("a run that stands for an earlier time than one before it takes nothing back", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		r.enable(alice, "grpc", 2_592_000, november)
		r.run(november.Add(2 * time.Hour))
		r.run(november.Add(time.Hour))
		if owes := r.owes(alice); owes != 7200 {
			t.Fatalf("owes %s", owes)
		}
	})
	t.Run("32 runs of two replicas for different hours charge every second once", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		for i, id := range []customer.ID{alice, bob, carol} {
			r.enable(id, "grpc", 2_592_000, november.Add(time.Duration(i)*time.Minute))
			r.meter(id, "grpc", november, 5, 5, 1000)
		}
		replicas := []*room{r, on(t, r.db)}
		replicas[1].groupHours = 1
		if err := errors.Join(atOnce(32, func(i int) error {
			_, err := replicas[i%2].RunOnce(ctx, november.Add(time.Duration(1+i%5)*time.Hour))
			return err
		})...); err != nil {
			t.Fatal(err)
		}
		r.run(november.Add(5 * time.Hour))
		for i, id := range []customer.ID{alice, bob, carol} {
			if owes, want := r.owes(id), money.Micros(5*3600-60*i+500); owes != want {
				t.Errorf("customer %d owes %s, want %s", id, owes, want)
			}
		}
		r.sound()
	})
	t.Run("usage shows them by the hour they were posted for", func(t *testing.T) {
		t.Parallel()
		r := setup(t)
		r.enable(alice, "grpc", 2_592_000, ten)
		r.meter(alice, "grpc", ten, 1, 1, 0)
		r.run(ten.Add(time.Hour))
		r.run(noon)
		u, err := r.Usage(ctx, alice, ten, noon, stepHour)
		if err != nil || len(u.Buckets) != 2 || u.Buckets[0].Used != (Used{1, 1, 0, 3700, 3600}) || u.Buckets[1].Used != (Used{0, 0, 0, 3600, 3600}) || u.Total.Plan != 7200 {
			t.Fatalf("%v %+v", err, u)
		}
		d, err := r.Usage(ctx, alice, ten, noon, stepDay)
		if err != nil || len(d.Buckets) != 1 || d.Buckets[0].Used != (Used{1, 1, 0, 7300, 7200}) {
			t.Fatalf("%v %+v", err, d)
		}
	})
}

// Any history counted at any times costs, in each month, the exact sum of its seconds, rounded down once.
func TestAccrueAgainstRationals(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	for range 300 {
		start := time.Date(2026+rng.IntN(4), time.Month(1+rng.IntN(12)), 1, 0, 0, 0, 0, time.UTC)
		var spans []services.Span
		at := start.Add(time.Duration(rng.IntN(1e6)) * time.Second)
		for v := range 1 + rng.IntN(6) {
			from := at.Add(time.Duration(rng.IntN(2)*rng.IntN(1e5)) * time.Second)
			at = from.Add(time.Duration(1+rng.IntN(3e6)) * time.Second)
			spans = append(spans, services.Span{Customer: alice, Service: "grpc", Version: v, Monthly: money.Micros(rng.Int64N(1e9)), From: from, To: at})
		}
		var looks []time.Time
		for range rng.IntN(20) {
			looks = append(looks, start.Add(time.Duration(rng.IntN(int(at.Sub(start)/time.Second)))*time.Second))
		}
		slices.SortFunc(looks, time.Time.Compare)
		posted := map[monthKey]accrual{}
		sum := map[int64]money.Micros{}
		for _, look := range append(looks, at) {
			var seen []services.Span
			for _, s := range spans {
				if s.From.Before(look) {
					s.To = time.Unix(min(s.To.Unix(), look.Unix()), 0).UTC()
					seen = append(seen, s)
				}
			}
			accrued, err := accrue(seen, look)
			if err != nil {
				t.Fatal(err)
			}
			fees, err := due(accrued, posted, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range fees {
				posted[f.now.key()] = f.now
				sum[f.now.Month.Unix()] += f.amount
			}
		}
		for month := start; month.Before(at); month = month.AddDate(0, 1, 0) {
			exact := new(big.Rat)
			for _, s := range spans {
				from, to := max(s.From.Unix(), month.Unix()), min(s.To.Unix(), month.AddDate(0, 1, 0).Unix())
				if from < to {
					exact.Add(exact, new(big.Rat).Mul(big.NewRat(int64(s.Monthly), month.AddDate(0, 1, 0).Unix()-month.Unix()), big.NewRat(to-from, 1)))
				}
			}
			floor := new(big.Int).Quo(exact.Num(), exact.Denom()).Int64()
			if int64(sum[month.Unix()]) != floor {
				t.Fatalf("%s: posted %s, exact %s", month.Format("2006-01"), sum[month.Unix()], exact.FloatString(9))
			}
		}
	}
}
