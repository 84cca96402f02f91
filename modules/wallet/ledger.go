package wallet

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"suiftly/internal/customer"
	"suiftly/internal/fault"
	"suiftly/internal/money"
	"suiftly/internal/pg"
)

// What the ledger refuses.
var (
	ErrCauseReused = fault.New(fault.Conflict, "wallet.cause_reused", "This was already posted with a different content.")
	ErrNoAmount    = fault.New(fault.Invalid, "wallet.no_amount", "An amount of zero moves nothing.")
	ErrNoCause     = fault.New(fault.Invalid, "wallet.no_cause", "A transaction needs a cause and the account on its other side.")
	ErrOverflow    = fault.New(fault.Invalid, "wallet.amount_out_of_range", "The amount is beyond what an account can hold.")
	ErrNoCustomer  = fault.New(fault.NotFound, "wallet.no_customer", "There is no such customer.")

	errWelcomeCredit = fmt.Errorf("wallet.welcome_credit_usd: must be between 0 and %s", maxWelcomeCredit)
)

// Balance is what a customer's accounts hold. No part is ever negative; Receivable is what the customer owes.
type Balance struct {
	Available  money.Micros `db:"available_micros"`
	Reserved   money.Micros `db:"reserved_micros"`
	Receivable money.Micros `db:"receivable_micros"`
}

// Net is what would be left if all debts were paid: negative for a customer who owes more than there is.
func (b Balance) Net() money.Micros { return b.Available + b.Reserved - b.Receivable }

// Charge takes Amount from a customer for a Service, down to an available balance of zero; the rest becomes a receivable.
// A negative Amount gives back what was charged.
type Charge struct {
	Customer customer.ID
	Service  string
	Amount   money.Micros
	Cause    string // unique: the same cause is posted once
	At       time.Time
}

// Credit gives Amount (> 0) to a customer. It pays what is owed first.
type Credit struct {
	Customer customer.ID
	Amount   money.Micros
	Source   string // the operator's account that pays: "promo"
	Cause    string // unique: the same cause is posted once
	At       time.Time
}

// The kinds of accounts and transactions, as the schema names them.
const (
	available  = "available"
	receivable = "receivable"
	revenue    = "revenue"
	promo      = "promo"

	kindCharge = "charge"
	kindRefund = "refund"
	kindCredit = "credit"
)

// account names an account: a customer's (available, reserved, receivable) or the operator's (revenue of a service, promo).
type account struct {
	owner         customer.ID // 0: the operator
	kind, service string
}

// entry is a transaction to be posted: the customer gains amount (or gives it, when negative), other has the other side.
type entry struct {
	customer    customer.ID
	cause, kind string
	amount      money.Micros
	other       account
	at          time.Time
}

// line is one posting of an entry.
type line struct {
	account account
	amount  money.Micros
}

// Charge posts c in the caller's transaction. Posting the same charge again does nothing; the same cause with another
// content is ErrCauseReused. It locks the customer's balance until the transaction ends.
func (m *Module) Charge(ctx context.Context, tx pg.Q, c Charge) error {
	return m.ChargeAll(ctx, tx, []Charge{c})
}

// ChargeAll posts charges of any customers, in order, with as many statements as one takes.
func (m *Module) ChargeAll(ctx context.Context, tx pg.Q, charges []Charge) error {
	entries := make([]entry, len(charges))
	for i, c := range charges {
		kind := kindCharge
		if c.Amount < 0 {
			kind = kindRefund
		}
		entries[i] = entry{c.Customer, c.Cause, kind, -c.Amount, account{kind: revenue, service: c.Service}, c.At}
	}
	if err := post(ctx, tx, entries); err != nil {
		return fmt.Errorf("charge: %w", err)
	}
	return nil
}

// Credit posts c in the caller's transaction. Posting the same credit again does nothing.
func (m *Module) Credit(ctx context.Context, tx pg.Q, c Credit) error {
	if c.Amount < 0 {
		return fmt.Errorf("credit %s: %w", c.Cause, ErrNoAmount.Say("A credit is more than zero."))
	}
	if c.Source != promo {
		return fmt.Errorf("credit %s: no credits come from %q", c.Cause, c.Source)
	}
	if err := post(ctx, tx, []entry{{c.Customer, c.Cause, kindCredit, c.Amount, account{kind: c.Source}, c.At}}); err != nil {
		return fmt.Errorf("credit customer %d: %w", c.Customer, err)
	}
	return nil
}

// Welcome gives a new customer the welcome credit, once. It runs in the transaction that creates the customer.
func (m *Module) Welcome(ctx context.Context, tx pg.Q, id customer.ID) error {
	if m.config.WelcomeCreditUSD == 0 {
		return nil
	}
	return m.Credit(ctx, tx, Credit{
		Customer: id, Amount: m.config.WelcomeCreditUSD, Source: promo, Cause: fmt.Sprintf("welcome:%d", id), At: m.kit.Now(),
	})
}

// Balance gives what the customer has. A customer without any transaction has nothing.
func (m *Module) Balance(ctx context.Context, id customer.ID) (Balance, error) {
	b, err := balance(ctx, m.kit.DB, id)
	if err != nil {
		return Balance{}, fmt.Errorf("balance of customer %d: %w", id, err)
	}
	return b, nil
}

// settle says which of the customer's accounts move when the customer gains amount (or gives it, when negative), and what
// they hold afterwards. Giving empties available before it makes a debt; gaining pays the debt before it fills available.
func (b Balance) settle(amount money.Micros) (after Balance, lines []line, err error) {
	if amount == 0 {
		return b, nil, ErrNoAmount
	}
	from, to := b.Available, b.Receivable
	if amount > 0 {
		from, to = b.Receivable, b.Available
	}
	size := amount
	if size < 0 {
		size = -size
	}
	first := min(size, from)
	rest := size - first
	grown, err := to.Add(rest)
	if err != nil || size < 0 { // size < 0: the one int64 that has no opposite
		return b, nil, ErrOverflow
	}
	after = b
	var drained, filled account
	if amount < 0 {
		after.Available, after.Receivable = b.Available-first, grown
		drained, filled = account{kind: available}, account{kind: receivable}
		first, rest = -first, -rest
	} else {
		after.Receivable, after.Available = b.Receivable-first, grown
		drained, filled = account{kind: receivable}, account{kind: available}
	}
	if first != 0 {
		lines = append(lines, line{drained, first})
	}
	if rest != 0 {
		lines = append(lines, line{filled, rest})
	}
	return after, lines, nil
}

// post writes entries. The customers' balance rows are locked first, lowest id first, which puts everything that moves a
// customer's money in one order: two charges of one customer wait for each other, of two customers never.
func post(ctx context.Context, tx pg.Q, entries []entry) error {
	if len(entries) == 0 {
		return nil
	}
	causes := make([]string, len(entries))
	owners := make([]customer.ID, len(entries))
	others := make([]account, len(entries))
	for i, e := range entries {
		if e.cause == "" || e.other.kind == revenue && e.other.service == "" {
			return ErrNoCause
		}
		causes[i], owners[i], others[i] = e.cause, e.customer, e.other
	}
	slices.Sort(owners)
	owners = slices.Compact(owners)
	now, err := lock(ctx, tx, owners)
	if err != nil {
		return err
	}
	ids, err := accountIDs(ctx, tx, owners, others)
	if err != nil {
		return err
	}
	// Read under the locks: a rival that posted one of these causes for these customers has committed by now.
	known, err := posted(ctx, tx, causes)
	if err != nil {
		return err
	}
	var batch postBatch
	for _, e := range entries {
		was := transaction{Cause: e.cause, Kind: e.kind, Customer: e.customer, Other: ids[e.other], Amount: e.amount}
		if before, ok := known[e.cause]; ok {
			if before != was {
				return ErrCauseReused.Because(fmt.Errorf("cause %q holds %+v, not %+v", e.cause, before, was))
			}
			continue
		}
		known[e.cause] = was
		after, lines, err := now[e.customer].settle(e.amount)
		if err != nil {
			return fmt.Errorf("%s of %s on %+v: %w", e.cause, e.amount, now[e.customer], err)
		}
		now[e.customer] = after
		for i := range lines {
			lines[i].account.owner = e.customer
		}
		batch.add(was, e.at, append(lines, line{e.other, -e.amount}), ids)
	}
	return batch.insert(ctx, tx)
}

// lock gives the customers' balances and keeps others from changing them until the transaction ends. It opens the accounts
// of those who have none.
func lock(ctx context.Context, tx pg.Q, owners []customer.ID) (map[customer.ID]Balance, error) {
	found, err := lockBalances(ctx, tx, owners)
	if err != nil || len(found) == len(owners) {
		return found, err
	}
	fresh := slices.DeleteFunc(slices.Clone(owners), func(id customer.ID) bool { _, ok := found[id]; return ok })
	if err := openCustomers(ctx, tx, fresh); err != nil {
		return nil, err
	}
	opened, err := lockBalances(ctx, tx, fresh)
	if err == nil && len(opened) != len(fresh) {
		err = fmt.Errorf("%d of %d new customers have a balance", len(opened), len(fresh))
	}
	maps.Copy(found, opened)
	return found, err
}

// accountIDs gives the numbers of the customers' accounts and of others, opening those that are new.
func accountIDs(ctx context.Context, tx pg.Q, owners []customer.ID, others []account) (map[account]int64, error) {
	ids, err := accountsOf(ctx, tx, owners)
	if err != nil {
		return nil, err
	}
	var services []string
	for _, a := range others {
		if _, ok := ids[a]; !ok {
			services = append(services, a.service)
		}
	}
	if services == nil {
		return ids, nil
	}
	// In order, so that two transactions opening the same accounts do not wait for each other in a circle.
	slices.Sort(services)
	if err := openRevenue(ctx, tx, slices.Compact(services)); err != nil {
		return nil, err
	}
	return accountsOf(ctx, tx, owners)
}
