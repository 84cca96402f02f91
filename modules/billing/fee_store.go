package billing

import (
	"cmp"
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"slices"
	"time"

	"github.com/lib/pq"

	"suiftly/internal/customer"
	"suiftly/internal/pg"
)

var errNoRun = errors.New("no run has billed anybody yet")

// The oldest time up to which somebody is billed: of the newest run that reached everybody, or before a customer was parked.
const lastBilledSQL = `select least(max(at), (select min(since) from billing.parked))
from billing.runs
where state in ('done', 'partial')`

func lastBilled(ctx context.Context, q pg.Q) (time.Time, error) {
	var at sql.NullTime
	err := q.GetContext(ctx, &at, lastBilledSQL)
	if err == nil && !at.Valid {
		err = errNoRun
	}
	return at.Time.UTC(), err
}

const lockAccountsSQL = `select customer_id, open_month
from billing.accounts
where customer_id = any($1)
order by customer_id
for update`

const openAccountsSQL = `insert into billing.accounts (customer_id, opened_at)
select id, $2
from unnest($1::bigint[]) id
order by id
on conflict do nothing`

// lockAccounts puts whatever bills these customers in one order, until the transaction ends. It gives the first month that
// is open for each: the zero time for those who have none closed.
func lockAccounts(ctx context.Context, q pg.Q, ids []customer.ID, now time.Time) (map[customer.ID]time.Time, error) {
	var rows []struct {
		Customer customer.ID `db:"customer_id"`
		Open     string      `db:"open_month"`
	}
	if err := q.SelectContext(ctx, &rows, lockAccountsSQL, pq.Array(ids)); err != nil {
		return nil, err
	}
	if len(rows) < len(ids) {
		if _, err := q.ExecContext(ctx, openAccountsSQL, pq.Array(ids), now); err != nil {
			return nil, err
		}
		rows = nil
		if err := q.SelectContext(ctx, &rows, lockAccountsSQL, pq.Array(ids)); err != nil {
			return nil, err
		}
	}
	open := make(map[customer.ID]time.Time, len(rows))
	for _, r := range rows {
		// '-infinity' is no date in Go: nothing is closed yet.
		open[r.Customer], _ = time.Parse(time.RFC3339, r.Open)
	}
	return open, nil
}

const selectAccrualsSQL = `select customer_id, service, month::timestamp at time zone 'UTC' as month, through, posted_micros, revision
from billing.accruals
where customer_id = any($1) and month >= $2::date`

func selectAccruals(ctx context.Context, q pg.Q, ids []customer.ID, from time.Time) (map[monthKey]accrual, error) {
	var rows []accrual
	if err := q.SelectContext(ctx, &rows, selectAccrualsSQL, pq.Array(ids), from.Format(time.DateOnly)); err != nil {
		return nil, err
	}
	found := make(map[monthKey]accrual, len(rows))
	for _, r := range rows {
		r.Month, r.Through = r.Month.UTC(), r.Through.UTC()
		found[r.key()] = r
	}
	return found, nil
}

//go:embed sql/record_fees.sql
var recordFeesSQL string

func insertFees(ctx context.Context, q pg.Q, r Run, fees []fee) error {
	slices.SortFunc(fees, func(a, b fee) int {
		return cmp.Or(cmp.Compare(a.now.Customer, b.now.Customer), a.now.Month.Compare(b.now.Month), cmp.Compare(a.now.Service, b.now.Service))
	})
	n := len(fees)
	ids, seconds, revisions := make([]int64, n), make([]int64, n), make([]int64, n)
	amounts, totals := make([]int64, n), make([]int64, n)
	names, months, hours, throughs, causes, late := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]sql.NullString, n)
	for i, f := range fees {
		ids[i], names[i], months[i], revisions[i] = int64(f.now.Customer), f.now.Service, f.now.Month.Format(time.DateOnly), int64(f.now.Revision)
		hours[i], throughs[i], seconds[i] = timeText(f.hour()), timeText(f.now.Through), f.now.seconds
		amounts[i], totals[i], causes[i] = int64(f.amount), int64(f.now.Posted), f.cause()
		late[i] = sql.NullString{String: f.late.Format(time.DateOnly), Valid: !f.late.IsZero()}
	}
	_, err := q.ExecContext(ctx, recordFeesSQL, pq.Array(ids), r.ID, r.At, pq.Array(names), pq.Array(months), pq.Array(revisions), pq.Array(hours),
		pq.Array(throughs), pq.Array(seconds), pq.Array(amounts), pq.Array(totals), pq.Array(causes), pq.Array(late))
	return err
}
