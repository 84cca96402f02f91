package wallet

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/lib/pq"

	"suiftly/internal/customer"
	"suiftly/internal/money"
	"suiftly/internal/pg"
)

var errNoBalance = errors.New("no balance yet")

const pingSQL = `select count(*) from (select 1 from wallet.balances limit 1) one`

func ping(ctx context.Context, q pg.Q) error {
	var n int
	return q.GetContext(ctx, &n, pingSQL)
}

const balanceSQL = `select available_micros, reserved_micros, receivable_micros
from wallet.balances
where customer_id = $1`

func balance(ctx context.Context, q pg.Q, id customer.ID) (b Balance, err error) {
	if err = q.GetContext(ctx, &b, balanceSQL, id); errors.Is(err, sql.ErrNoRows) {
		return Balance{}, nil
	}
	return b, err
}

// One customer's, for what moves no money itself.
const lockBalanceSQL = balanceSQL + ` for update`

func lockBalance(ctx context.Context, q pg.Q, id customer.ID) (b Balance, err error) {
	if err = q.GetContext(ctx, &b, lockBalanceSQL, id); errors.Is(err, sql.ErrNoRows) {
		return Balance{}, errNoBalance
	}
	return b, err
}

const lockBalancesSQL = `select customer_id, available_micros, reserved_micros, receivable_micros
from wallet.balances
where customer_id = any($1)
order by customer_id
for update`

// lockBalances leaves out who has none.
func lockBalances(ctx context.Context, q pg.Q, ids []customer.ID) (map[customer.ID]Balance, error) {
	var rows []struct {
		Customer customer.ID `db:"customer_id"`
		Balance
	}
	if err := q.SelectContext(ctx, &rows, lockBalancesSQL, pq.Array(ids)); err != nil {
		return nil, err
	}
	found := make(map[customer.ID]Balance, len(ids))
	for _, r := range rows {
		found[r.Customer] = r.Balance
	}
	return found, nil
}

const openCustomersSQL = `insert into wallet.accounts (kind, customer_id)
select k.kind, c.customer_id
from unnest($1::bigint[]) with ordinality as c (customer_id, nth), (values ('available'), ('receivable'), ('reserved')) as k (kind)
order by c.nth, k.kind
on conflict on constraint accounts_once do nothing`

func openCustomers(ctx context.Context, q pg.Q, ids []customer.ID) error {
	_, err := q.ExecContext(ctx, openCustomersSQL, pq.Array(ids))
	if pg.Violated(err, "accounts_customer_fkey") {
		return ErrNoCustomer
	}
	return err
}

const openRevenueSQL = `insert into wallet.accounts (kind, service)
select 'revenue', unnest($1::text[])
on conflict on constraint accounts_once do nothing`

func openRevenue(ctx context.Context, q pg.Q, services []string) error {
	_, err := q.ExecContext(ctx, openRevenueSQL, pq.Array(services))
	return err
}

const accountsSQL = `select account_id, coalesce(customer_id, 0) as owner, kind, service
from wallet.accounts
where customer_id = any($1) or customer_id is null`

func accountsOf(ctx context.Context, q pg.Q, owners []customer.ID) (map[account]int64, error) {
	var rows []struct {
		ID      int64 `db:"account_id"`
		Owner   customer.ID
		Kind    string
		Service string
	}
	if err := q.SelectContext(ctx, &rows, accountsSQL, pq.Array(owners)); err != nil {
		return nil, err
	}
	ids := make(map[account]int64, len(rows))
	for _, r := range rows {
		ids[account{r.Owner, r.Kind, r.Service}] = r.ID
	}
	return ids, nil
}

// transaction is the content of a posted transaction: what must be equal when its cause comes again. When it counts is not
// part of it, because a retry is later than what it retries.
type transaction struct {
	Cause    string
	Kind     string
	Customer customer.ID  `db:"customer_id"`
	Other    int64        `db:"other_account_id"`
	Amount   money.Micros `db:"amount_micros"`
}

const postedSQL = `select cause, kind, customer_id, other_account_id, amount_micros
from wallet.transactions
where cause = any($1)`

func posted(ctx context.Context, q pg.Q, causes []string) (map[string]transaction, error) {
	var rows []transaction
	if err := q.SelectContext(ctx, &rows, postedSQL, pq.Array(causes)); err != nil {
		return nil, err
	}
	known := make(map[string]transaction, len(rows)+len(causes))
	for _, r := range rows {
		known[r.Cause] = r
	}
	return known, nil
}

// postBatch collects the columns of post_transactions.sql.
type postBatch struct {
	customers     []int64
	causes, kinds []string
	others        []int64
	amounts       []int64
	counts        []int64
	ats           []string
	lineCauses    []string
	lines         []int64
	lineAccounts  []int64
	lineAmounts   []int64
}

func (b *postBatch) add(t transaction, at time.Time, lines []line, ids map[account]int64) {
	b.customers = append(b.customers, int64(t.Customer))
	b.causes = append(b.causes, t.Cause)
	b.kinds = append(b.kinds, t.Kind)
	b.others = append(b.others, t.Other)
	b.amounts = append(b.amounts, int64(t.Amount))
	b.counts = append(b.counts, int64(len(lines)))
	b.ats = append(b.ats, at.UTC().Format(time.RFC3339Nano))
	for i, l := range lines {
		b.lineCauses = append(b.lineCauses, t.Cause)
		b.lines = append(b.lines, int64(i+1))
		b.lineAccounts = append(b.lineAccounts, ids[l.account])
		b.lineAmounts = append(b.lineAmounts, int64(l.amount))
	}
}

//go:embed sql/post_transactions.sql
var postTransactionsSQL string

func (b *postBatch) insert(ctx context.Context, q pg.Q) error {
	if len(b.causes) == 0 {
		return nil
	}
	_, err := q.ExecContext(ctx, postTransactionsSQL, pq.Array(b.customers),
		pq.Array(b.causes), pq.Array(b.kinds), pq.Array(b.others), pq.Array(b.amounts), pq.Array(b.counts), pq.Array(b.ats),
		pq.Array(b.lineCauses), pq.Array(b.lines), pq.Array(b.lineAccounts), pq.Array(b.lineAmounts))
	if pg.Violated(err, "transactions_cause_once") {
		return ErrCauseReused.Because(err)
	}
	return err
}

//go:embed sql/list_transactions.sql
var listTransactionsSQL string

// Transaction is one line of a customer's statement.
type Transaction struct {
	ID        int64        `db:"transaction_id"`
	Kind      string       // charge, refund, credit
	OtherKind string       `db:"other_kind"` // revenue, promo
	Service   string       // of a charge or refund
	Amount    money.Micros `db:"amount_micros"` // + in the customer's favour
	Cause     string
	At        time.Time
}

func listTransactions(ctx context.Context, q pg.Q, id customer.ID, before int64, limit int) ([]Transaction, error) {
	page := []Transaction{}
	if err := q.SelectContext(ctx, &page, listTransactionsSQL, id, before, limit); err != nil {
		return nil, fmt.Errorf("list transactions of customer %d: %w", id, err)
	}
	return page, nil
}

//go:embed sql/check_unbalanced.sql
var checkUnbalancedSQL string

//go:embed sql/check_balances.sql
var checkBalancesSQL string

func found(ctx context.Context, q pg.Q, query string) (rows []string, err error) {
	err = q.SelectContext(ctx, &rows, query)
	return rows, err
}

//go:embed sql/sum_charged.sql
var sumChargedSQL string

func sumCharged(ctx context.Context, q pg.Q, causePrefixes []string) (sums []Charged, err error) {
	err = q.SelectContext(ctx, &sums, sumChargedSQL, pq.Array(causePrefixes))
	return sums, err
}
