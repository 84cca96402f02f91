package billing

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"suiftly/internal/customer"
	"suiftly/internal/money"
	"suiftly/internal/pg"
	"suiftly/modules/logs"
	"suiftly/modules/wallet"
)

const pingSQL = `select count(*) from (select 1 from billing.runs limit 1) one`

func ping(ctx context.Context, q pg.Q) error {
	var n int
	return q.GetContext(ctx, &n, pingSQL)
}

// snapshot runs fn in one read-only view of the data, so that sums read by several queries belong together.
func snapshot(ctx context.Context, db *sqlx.DB, fn func(tx *sqlx.Tx) error) error {
	tx, err := db.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	return fn(tx)
}

// timeText is how times travel in arrays.
func timeText(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// A run of a lower epoch has lost the fence and can write nothing any more. One that was started by hand has none, and is
// given up after a day.
const abandonRunsSQL = `update billing.runs
set state = 'abandoned', finished_at = $1
where state = 'running'
  and (epoch > 0 and epoch < $2 or started_at < $1::timestamptz - interval '1 day')`

func abandonRuns(ctx context.Context, q pg.Q, r Run) error {
	_, err := q.ExecContext(ctx, abandonRunsSQL, r.StartedAt, r.Epoch)
	return err
}

const insertRunSQL = `insert into billing.runs (at, epoch, replica, started_at)
values ($1, $2, $3, $4)
returning run_id`

func insertRun(ctx context.Context, q pg.Q, r Run) (id int64, err error) {
	err = q.GetContext(ctx, &id, insertRunSQL, r.At, r.Epoch, r.Replica, r.StartedAt)
	return id, err
}

const updateRunSQL = `update billing.runs
set finished_at = $2, state = $3, customers = $4, parked = $5, hours = $6, charges = $7, fees = $8, amount_micros = $9, error = $10
where run_id = $1 and state = 'running'`

func updateRun(ctx context.Context, q pg.Q, r Run) error {
	_, err := q.ExecContext(ctx, updateRunSQL, r.ID, r.Finished, r.State, r.Customers, r.Parked, r.Hours, r.Charges, r.Fees, r.Amount, r.Error)
	return err
}

const runColumns = `select run_id, at, epoch, replica, started_at, finished_at, state, customers, parked, hours, charges, fees, amount_micros, error
from billing.runs `

const listRunsSQL = runColumns + `where run_id < $1
order by run_id desc
limit $2`

func listRuns(ctx context.Context, q pg.Q, before int64, limit int) ([]Run, error) {
	page := []Run{}
	err := q.SelectContext(ctx, &page, listRunsSQL, before, limit)
	return page, err
}

// The newest run that reached every customer, and that billed this one: not since it is parked.
const throughSQL = `select least(at, started_at)
from billing.runs
where state in ('done', 'partial')
  and started_at < coalesce((select since from billing.parked where customer_id = $1), 'infinity')
order by run_id desc
limit 1`

// billedThrough gives the zero time when no run has billed the customer's usage yet.
func billedThrough(ctx context.Context, q pg.Q, id customer.ID) (t time.Time, err error) {
	if err = q.GetContext(ctx, &t, throughSQL, id); errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	return t.UTC(), err
}

//go:embed sql/select_metrics.sql
var selectMetricsSQL string

func selectMetrics(ctx context.Context, q pg.Q, hours []logs.UsageHour) (map[hourKey]metric, error) {
	ids, names, starts := make([]int64, len(hours)), make([]string, len(hours)), make([]string, len(hours))
	for i, h := range hours {
		ids[i], names[i], starts[i] = int64(h.Customer), h.Service, timeText(h.Hour)
	}
	var rows []struct {
		Customer customer.ID `db:"customer_id"`
		metric
	}
	if err := q.SelectContext(ctx, &rows, selectMetricsSQL, pq.Array(ids), pq.Array(names), pq.Array(starts)); err != nil {
		return nil, err
	}
	found := make(map[hourKey]metric, len(rows))
	for _, r := range rows {
		found[keyOf(r.Customer, r.Service, r.Period)] = r.metric
	}
	return found, nil
}

//go:embed sql/select_units.sql
var selectUnitsSQL string

// selectUnits fills in how many units were charged in each of the months.
func selectUnits(ctx context.Context, q pg.Q, months map[monthKey]units) (map[monthKey]units, error) {
	if len(months) == 0 {
		return months, nil
	}
	var ids []int64
	var names, starts, ends []string
	for key := range months {
		month := time.Unix(key.month, 0).UTC()
		ids, names = append(ids, int64(key.customer)), append(names, key.service)
		starts, ends = append(starts, timeText(month)), append(ends, timeText(month.AddDate(0, 1, 0)))
	}
	var rows []struct {
		Customer        customer.ID `db:"customer_id"`
		Service         string
		Month           time.Time
		Billable, Bytes int64
	}
	if err := q.SelectContext(ctx, &rows, selectUnitsSQL, pq.Array(ids), pq.Array(names), pq.Array(starts), pq.Array(ends)); err != nil {
		return nil, err
	}
	for _, r := range rows {
		months[monthKey{r.Customer, r.Service, r.Month.Unix()}] = units{r.Billable, r.Bytes}
	}
	return months, nil
}

const lockCarriesSQL = `select customer_id, service, to_char(month, 'YYYY-MM') as month, item, per, carry
from billing.carries
where customer_id = any($1) and month = any($2::date[])
order by customer_id, service, month, item, per
for update`

// lockCarries gives the remainders of the hours' customers and months, and keeps them until the transaction ends.
func lockCarries(ctx context.Context, q pg.Q, hours []logs.UsageHour) (carries, error) {
	var ids []int64
	var months []string
	for _, h := range hours {
		ids, months = append(ids, int64(h.Customer)), append(months, h.Hour.UTC().Format("2006-01")+"-01")
	}
	slices.Sort(ids)
	slices.Sort(months)
	var rows []struct {
		Customer             customer.ID `db:"customer_id"`
		Service, Month, Item string
		Per, Carry           int64
	}
	if err := q.SelectContext(ctx, &rows, lockCarriesSQL, pq.Array(slices.Compact(ids)), pq.Array(slices.Compact(months))); err != nil {
		return nil, err
	}
	found := make(carries, len(rows))
	for _, r := range rows {
		found[carryKey{r.Customer, r.Service, r.Month, r.Item, r.Per}] = r.Carry
	}
	return found, nil
}

//go:embed sql/upsert_carries.sql
var upsertCarriesSQL string

func upsertCarries(ctx context.Context, q pg.Q, c carries) error {
	if len(c) == 0 {
		return nil
	}
	var names, months, items []string
	var ids, pers, left []int64
	for key, carry := range c {
		ids, names, months, items = append(ids, int64(key.customer)), append(names, key.service), append(months, key.month+"-01"), append(items, key.item)
		pers, left = append(pers, key.per), append(left, carry)
	}
	_, err := q.ExecContext(ctx, upsertCarriesSQL, pq.Array(ids), pq.Array(names), pq.Array(months), pq.Array(items), pq.Array(pers), pq.Array(left))
	return err
}

//go:embed sql/record_charges.sql
var recordChargesSQL string

func insertCharges(ctx context.Context, q pg.Q, r Run, charges []charge) error {
	n := len(charges)
	ids, names, starts, causes := make([]int64, n), make([]string, n), make([]string, n), make([]string, n)
	late := make([]sql.NullString, n)
	var numbers [12][]int64
	for i, c := range charges {
		late[i] = sql.NullString{String: c.late.Format(time.DateOnly), Valid: !c.late.IsZero()}
		ids[i], names[i], starts[i], causes[i] = int64(c.customer), c.now.Service, timeText(c.now.Period), c.cause()
		for k, v := range [12]int64{
			int64(c.now.Revision), c.requests, c.billable, c.bytes, int64(c.requestsCost), int64(c.bytesCost),
			int64(c.amount), c.priceBook, c.now.Requests, c.now.Billable, c.now.Bytes, int64(c.now.Amount),
		} {
			numbers[k] = append(numbers[k], v)
		}
	}
	args := []any{pq.Array(ids), r.ID, r.At, pq.Array(names), pq.Array(starts)}
	for k, column := range numbers {
		if k == 8 {
			args = append(args, pq.Array(causes))
		}
		args = append(args, pq.Array(column))
	}
	args = append(args, pq.Array(late))
	_, err := q.ExecContext(ctx, recordChargesSQL, args...)
	return err
}

//go:embed sql/select_histories.sql
var selectHistoriesSQL string

type pastHours struct {
	Median money.Micros
	Hours  int64
}

// selectHistories gives, for each charge in order, the hours of its customer and service before its own.
func selectHistories(ctx context.Context, q pg.Q, charges []charge) (past []pastHours, err error) {
	n := len(charges)
	ids, names, from, to := make([]int64, n), make([]string, n), make([]string, n), make([]string, n)
	for i, c := range charges {
		ids[i], names[i] = int64(c.customer), c.now.Service
		from[i], to[i] = timeText(c.now.Period.Add(-history)), timeText(c.now.Period)
	}
	err = q.SelectContext(ctx, &past, selectHistoriesSQL, pq.Array(ids), pq.Array(names), pq.Array(from), pq.Array(to))
	if err == nil && len(past) != n {
		err = fmt.Errorf("%d histories of %d charges", len(past), n)
	}
	return past, err
}

const parkedColumns = `select customer_id, reason, detail, review, since, tries, run_id, approved_at
from billing.parked `

const selectParkedSQL = parkedColumns + `order by since, customer_id`

func selectParked(ctx context.Context, q pg.Q) ([]Parked, error) {
	rows := []Parked{}
	err := q.SelectContext(ctx, &rows, selectParkedSQL)
	return rows, err
}

func parkedCustomers(ctx context.Context, q pg.Q) (map[customer.ID]Parked, error) {
	rows, err := selectParked(ctx, q)
	found := make(map[customer.ID]Parked, len(rows))
	for _, p := range rows {
		found[p.Customer] = p
	}
	return found, err
}

const oneParkedSQL = parkedColumns + `where customer_id = $1`

func parkedOf(ctx context.Context, q pg.Q, id customer.ID) (p Parked, err error) {
	if err = q.GetContext(ctx, &p, oneParkedSQL, id); errors.Is(err, sql.ErrNoRows) {
		err = ErrNotParked
	}
	return p, err
}

//go:embed sql/upsert_parked.sql
var upsertParkedSQL string

func upsertParked(ctx context.Context, q pg.Q, p Parked) error {
	_, err := q.ExecContext(ctx, upsertParkedSQL, p.Customer, p.Reason, p.Detail, p.Review, p.Since, p.RunID)
	return err
}

const approveParkedSQL = `update billing.parked
set approved_at = $2
where customer_id = $1 and review
returning reason, detail`

// approveParked gives ErrNotParked when the customer is not in review.
func approveParked(ctx context.Context, q pg.Q, id customer.ID, at time.Time) (p Parked, err error) {
	if err = q.GetContext(ctx, &p, approveParkedSQL, id, at); errors.Is(err, sql.ErrNoRows) {
		err = ErrNotParked
	}
	return p, err
}

const deleteParkedSQL = `delete from billing.parked
where customer_id = any($1)`

func deleteParked(ctx context.Context, q pg.Q, ids []customer.ID) error {
	_, err := q.ExecContext(ctx, deleteParkedSQL, pq.Array(ids))
	return err
}

//go:embed sql/select_usage_hours.sql
var selectUsageHoursSQL string

//go:embed sql/select_usage_days.sql
var selectUsageDaysSQL string

func selectUsage(ctx context.Context, q pg.Q, id customer.ID, from, to time.Time, step string) ([]UsedBucket, error) {
	query := selectUsageHoursSQL
	if step == stepDay {
		query = selectUsageDaysSQL
	}
	rows := []UsedBucket{}
	err := q.SelectContext(ctx, &rows, query, id, from, to)
	return rows, err
}

//go:embed sql/check_metrics.sql
var checkMetricsSQL string

func brokenMetrics(ctx context.Context, q pg.Q) (rows []string, err error) {
	err = q.SelectContext(ctx, &rows, checkMetricsSQL)
	return rows, err
}

//go:embed sql/check_accruals.sql
var checkAccrualsSQL string

func brokenAccruals(ctx context.Context, q pg.Q) (rows []string, err error) {
	err = q.SelectContext(ctx, &rows, checkAccrualsSQL)
	return rows, err
}

//go:embed sql/sum_charges.sql
var sumChargesSQL string

func sumCharges(ctx context.Context, q pg.Q) (sums []wallet.Charged, err error) {
	err = q.SelectContext(ctx, &sums, sumChargesSQL)
	return sums, err
}

//go:embed sql/sum_metrics.sql
var sumMetricsSQL string

func sumMetrics(ctx context.Context, q pg.Q, without []logs.UsageHour) (sums []logs.BilledSum, err error) {
	var ids []int64
	var names, starts []string
	for _, h := range without {
		ids, names, starts = append(ids, int64(h.Customer)), append(names, h.Service), append(starts, timeText(h.Hour))
	}
	err = q.SelectContext(ctx, &sums, sumMetricsSQL, pq.Array(ids), pq.Array(names), pq.Array(starts))
	return sums, err
}
