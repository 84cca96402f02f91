package billing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/customer"
	"suiftly/internal/jobs"
	"suiftly/internal/money"
	"suiftly/internal/pg"
	"suiftly/modules/logs"
	"suiftly/modules/services"
	"suiftly/modules/wallet"
)

const (
	hourFormat  = "2006-01-02T15Z"
	causePrefix = "charge:"

	// groupHours bounds how much one transaction bills: large enough that its dozen statements and its commit cost little for each
	// customer, small enough that nobody's balance is locked for long.
	groupHours = 600
)

// bill is the work of one run.
type bill struct {
	m        *Module
	run      Run
	fence    jobs.Fence
	prepared *pg.Prepared

	accrueFrom time.Time // plan fees are counted from here

	mu     sync.Mutex
	prices map[priceKey]services.UnitPrice // the price of an hour never changes: asked once for all customers
}

// turn is a customer whose turn it is.
type turn struct {
	id       customer.ID
	hours    int64 // unbilled, and one for each service that accrues a plan fee
	parked   bool  // set aside by an earlier run
	approved bool  // an operator looked at what is unusual
}

// billed is what was done for some customers.
type billed struct {
	customers, parked, hours, charges, fees int64
	amount                                  money.Micros
}

func (b *billed) add(more billed) {
	b.customers += more.customers
	b.parked += more.parked
	b.hours += more.hours
	b.charges += more.charges
	b.fees += more.fees
	b.amount += more.amount // a sum of posted amounts for the record; nothing is charged by it
}

// billAll bills the customers, several groups at a time, and counts into r.
func (m *Module) billAll(ctx context.Context, r *Run, fence jobs.Fence) error {
	// Before any transaction: loading it takes one of its own, and would wait for a connection that we hold.
	if err := m.services.LoadPriceBook(ctx); err != nil {
		return err
	}
	if _, err := m.logs.Meter(ctx); err != nil {
		return err
	}
	accrueFrom, err := m.accrueFrom(ctx, r.At)
	if err != nil {
		return err
	}
	turns, waiting, err := m.turns(ctx, fence, accrueFrom, r.At)
	if err != nil {
		return err
	}
	r.Parked = waiting
	work, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	b := &bill{
		m: m, run: *r, fence: fence, accrueFrom: accrueFrom,
		prepared: pg.NewPrepared(m.kit.DB), prices: map[priceKey]services.UnitPrice{},
	}
	defer b.prepared.Close()
	groups := grouped(turns, m.groupHours)
	queue := make(chan []turn)
	var mu sync.Mutex
	var sum billed
	var workers sync.WaitGroup
	for range min(m.config.Workers, len(groups)) {
		workers.Go(func() {
			for g := range queue {
				done, err := b.group(work, g)
				if err != nil {
					stop(err)
				}
				mu.Lock()
				sum.add(done)
				mu.Unlock()
			}
		})
	}
	for _, g := range groups {
		queue <- g
	}
	close(queue)
	workers.Wait()
	r.Customers, r.Parked, r.Hours = sum.customers, waiting+sum.parked, sum.hours
	r.Charges, r.Fees, r.Amount = sum.charges, sum.fees, sum.amount
	if err := context.Cause(work); err != nil {
		return err
	}
	err = m.fenced(ctx, fence, func(tx *sqlx.Tx) error { return m.logs.CloseBatches(ctx, tx, r.ID) })
	if err == nil && sum.parked > 0 {
		err = fmt.Errorf("%d %w", sum.parked, ErrParked)
	}
	return err
}

// turns lists who is to be billed, in order of id, and counts who waits for a review.
func (m *Module) turns(ctx context.Context, fence jobs.Fence, from, at time.Time) (turns []turn, waiting int64, err error) {
	unbilled, err := m.logs.UnbilledCustomers(ctx, m.kit.DB)
	if err != nil {
		return nil, 0, err
	}
	hours, err := m.services.Accruing(ctx, m.kit.DB, from, at)
	if err != nil {
		return nil, 0, err
	}
	for _, u := range unbilled {
		hours[u.Customer] += u.Hours
	}
	parked, err := parkedCustomers(ctx, m.kit.DB)
	if err != nil {
		return nil, 0, err
	}
	for _, id := range slices.Sorted(maps.Keys(hours)) {
		p, isParked := parked[id]
		delete(parked, id)
		if p.Review && p.ApprovedAt == nil {
			waiting++
			continue
		}
		turns = append(turns, turn{id, hours[id], isParked, p.ApprovedAt != nil})
	}
	// Nothing is left to bill of the others: a rival run did it, or the totals were mended.
	for id := range parked {
		if err := m.fenced(ctx, fence, func(tx *sqlx.Tx) error { return deleteParked(ctx, tx, []customer.ID{id}) }); err != nil {
			return nil, 0, err
		}
	}
	return turns, waiting, nil
}

// grouped puts customers together, in order, until a group has that many hours. Who was parked stands alone: another
// failure would have the whole group billed one by one.
func grouped(turns []turn, hours int64) (groups [][]turn) {
	var open []turn
	var sum int64
	for _, t := range turns {
		if t.parked {
			groups = append(groups, []turn{t})
			continue
		}
		open = append(open, t)
		if sum += t.hours; sum >= hours {
			groups, open, sum = append(groups, open), nil, 0
		}
	}
	if open != nil {
		groups = append(groups, open)
	}
	return groups
}

// group bills customers in one transaction. When one of them fails, each gets a transaction of its own, and only who fails
// there is parked: the others' bills do not wait.
func (b *bill) group(ctx context.Context, g []turn) (done billed, err error) {
	done, err = b.together(ctx, g)
	switch {
	case err == nil, breaksRun(ctx, err):
		return done, err
	case len(g) == 1:
		b.m.kit.Log.Error("customer parked", "run", b.run.ID, "customer", g[0].id, "error", err)
		return billed{parked: 1}, b.park(ctx, g[0].id, err)
	}
	b.m.kit.Log.Warn("a group of customers is billed one by one", "run", b.run.ID, "customers", len(g), "error", err)
	for _, t := range g {
		one, err := b.group(ctx, []turn{t})
		done.add(one)
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// breaksRun tells what is nobody's fault from what one customer's data caused.
func breaksRun(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, jobs.ErrFenced) || pg.IsUnavailable(err)
}

// together bills customers in one transaction, all or nothing.
func (b *bill) together(ctx context.Context, g []turn) (done billed, err error) {
	defer func() {
		// A panic over customers' data is their failure; on a goroutine of ours it would end the process.
		if p := recover(); p != nil {
			done, err = billed{}, fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	err = pg.Tx(ctx, b.m.kit.DB, func(plain *sqlx.Tx) error {
		tx := b.prepared.In(plain)
		if err := b.fence.Hold(ctx, tx); err != nil {
			return err
		}
		done, err = b.settle(ctx, tx, g)
		return err
	})
	if err != nil {
		return billed{}, err
	}
	// What is billed is billed: unprepared statements are slower, that is all.
	if err := b.prepared.Learn(ctx); err != nil && ctx.Err() == nil {
		b.m.kit.Log.Warn("billing statements stay unprepared", "error", err)
	}
	return done, nil
}

// settle charges what the customers' hours and plan fees gained, in the ledger too, and marks the hours billed.
func (b *bill) settle(ctx context.Context, tx pg.Q, g []turn) (done billed, err error) {
	ids, approved := make([]customer.ID, len(g)), map[customer.ID]bool{}
	var parked []customer.ID
	for i, t := range g {
		ids[i], approved[t.id] = t.id, t.approved
		if t.parked {
			parked = append(parked, t.id)
		}
	}
	open, err := lockAccounts(ctx, tx, ids, b.run.StartedAt)
	if err != nil {
		return done, err
	}
	hours, err := b.m.logs.UnbilledHours(ctx, tx, ids...)
	if err != nil {
		return done, err
	}
	hours = slices.DeleteFunc(hours, func(h logs.UsageHour) bool { return !h.Hour.Before(b.run.At) })
	slices.SortFunc(hours, func(a, b logs.UsageHour) int {
		return cmp.Or(cmp.Compare(a.Customer, b.Customer), a.Hour.Compare(b.Hour), cmp.Compare(a.Service, b.Service))
	})
	charges, err := b.charges(ctx, tx, hours, approved, open)
	if err != nil {
		return done, err
	}
	fees, err := b.fees(ctx, tx, ids, open)
	if err != nil {
		return done, err
	}
	posts := append(postings(b.run.At, charges), feePostings(b.run.At, fees)...)
	if err := b.m.wallet.ChargeAll(ctx, tx, posts); err != nil {
		return done, err
	}
	if parked != nil {
		if err := deleteParked(ctx, tx, parked); err != nil {
			return done, err
		}
	}
	if err := b.m.logs.MarkBilled(ctx, tx, hours); err != nil {
		return done, err
	}
	met := map[customer.ID]bool{}
	for _, h := range hours {
		met[h.Customer] = true
	}
	for _, f := range fees {
		met[f.now.Customer] = true
	}
	done = billed{customers: int64(len(met)), hours: int64(len(hours)), charges: int64(len(charges)), fees: int64(len(fees))}
	for _, p := range posts {
		if done.amount, err = done.amount.Add(p.Amount); err != nil {
			return done, errOverflow
		}
	}
	return done, nil
}

// charges prices hours and writes down what they cost.
func (b *bill) charges(ctx context.Context, tx pg.Q, hours []logs.UsageHour, approved map[customer.ID]bool, open map[customer.ID]time.Time) ([]charge, error) {
	if len(hours) == 0 {
		return nil, nil
	}
	before, err := selectMetrics(ctx, tx, hours)
	if err != nil {
		return nil, err
	}
	prices, err := b.pricesOf(ctx, tx, hours)
	if err != nil {
		return nil, err
	}
	carry, err := lockCarries(ctx, tx, hours)
	if err != nil {
		return nil, err
	}
	had, err := selectUnits(ctx, tx, monthsWith(hours, prices))
	if err != nil {
		return nil, err
	}
	charges, err := price(hours, before, prices, had, carry, approved)
	if err != nil || len(charges) == 0 {
		return nil, err
	}
	for i, c := range charges {
		if first := open[c.customer]; c.now.Period.Before(first) {
			charges[i].late = first
		}
	}
	unseen := slices.DeleteFunc(slices.Clone(charges), func(c charge) bool { return approved[c.customer] })
	if err := b.m.bound(ctx, tx, unseen); err != nil {
		return nil, err
	}
	if err := upsertCarries(ctx, tx, carry); err != nil {
		return nil, err
	}
	return charges, insertCharges(ctx, tx, b.run, charges)
}

// pricesOf gives the price of every hour.
func (b *bill) pricesOf(ctx context.Context, tx pg.Q, hours []logs.UsageHour) (map[priceKey]services.UnitPrice, error) {
	prices := map[priceKey]services.UnitPrice{}
	for _, h := range hours {
		key := priceOf(h.Service, h.Hour)
		if _, ok := prices[key]; ok {
			continue
		}
		b.mu.Lock()
		p, ok := b.prices[key]
		b.mu.Unlock()
		if !ok {
			var err error
			if p, err = b.m.services.PriceAt(ctx, tx, h.Service, h.Hour); err != nil {
				return nil, fmt.Errorf("price of %s at %s: %w", h.Service, h.Hour.Format(hourFormat), err)
			}
			b.mu.Lock()
			b.prices[key] = p
			b.mu.Unlock()
		}
		prices[key] = p
	}
	return prices, nil
}

// monthsWith gives the months of the hours that have a graduated price.
func monthsWith(hours []logs.UsageHour, prices map[priceKey]services.UnitPrice) map[monthKey]units {
	found := map[monthKey]units{}
	for _, h := range hours {
		if graduated(prices[priceOf(h.Service, h.Hour)]) {
			found[monthKey{h.Customer, h.Service, monthOf(h.Hour).Unix()}] = units{}
		}
	}
	return found
}

// postings are the ledger's part of charges. A charge of nothing is recorded here and not there.
func postings(at time.Time, charges []charge) []wallet.Charge {
	posts := make([]wallet.Charge, 0, len(charges))
	for _, c := range charges {
		if c.amount != 0 {
			posts = append(posts, wallet.Charge{Customer: c.customer, Service: c.now.Service, Amount: c.amount, Cause: c.cause(), At: at})
		}
	}
	return posts
}

// cause names a charge for the ledger: charge:<customer>:<service>:<hour>:<revision>.
func (c charge) cause() string {
	return fmt.Sprintf("%s%d:%s:%s:%d", causePrefix, c.customer, c.now.Service, c.now.Period.UTC().Format(hourFormat), c.now.Revision)
}
