package logs

import (
	"context"
	_ "embed"
	"time"

	"github.com/lib/pq"

	"suiftly/internal/customer"
	"suiftly/internal/pg"
)

const unbilledCustomers = `
select customer_id, count(*) as hours
from logs.usage_hours
where unbilled
group by customer_id
order by customer_id`

func selectUnbilledCustomers(ctx context.Context, q pg.Q) ([]Unbilled, error) {
	all := []Unbilled{}
	err := q.SelectContext(ctx, &all, unbilledCustomers)
	return all, err
}

// In the meter's order of keys, so that the two never wait for each other in a circle.
const unbilledHours = `
select customer_id, service, hour, requests, billable, bytes, revision
from logs.usage_hours
where unbilled
and customer_id = any($1)
order by customer_id, service, hour
for update`

func selectUnbilledHours(ctx context.Context, tx pg.Q, ids []customer.ID) ([]UsageHour, error) {
	hours := []UsageHour{}
	err := tx.SelectContext(ctx, &hours, unbilledHours, pq.Array(ids))
	return hours, err
}

const markBilled = `
update logs.usage_hours t
set billed_revision = m.revision
from unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::bigint[]) as m (customer_id, service, hour, revision)
where t.customer_id = m.customer_id
and t.service = m.service
and t.hour = m.hour
and t.revision = m.revision`

func updateBilled(ctx context.Context, tx pg.Q, hours []UsageHour) (int64, error) {
	ids, revisions := make([]int64, len(hours)), make([]int64, len(hours))
	services, starts := make([]string, len(hours)), make([]time.Time, len(hours))
	for i, h := range hours {
		ids[i], services[i], starts[i], revisions[i] = int64(h.Customer), h.Service, h.Hour, h.Revision
	}
	done, err := tx.ExecContext(ctx, markBilled, pq.Array(ids), pq.Array(services), pq.Array(starts), pq.Array(revisions))
	if err != nil {
		return 0, err
	}
	return done.RowsAffected()
}

// batchSpan is a batch as the meter and the closing see it.
type batchSpan struct {
	ID      int64      `db:"batch_id"`
	Stored  int64      `db:"stored"`
	FirstAt *time.Time `db:"first_at"` // nil when nothing was stored
	LastAt  *time.Time `db:"last_at"`
}

const unmeteredBatches = `
select batch_id, stored, first_at, last_at
from logs.batches
where metered_run is null
order by batch_id
limit $1
for update skip locked`

func claimUnmetered(ctx context.Context, tx pg.Q, limit int) ([]batchSpan, error) {
	var batches []batchSpan
	err := tx.SelectContext(ctx, &batches, unmeteredBatches, limit)
	return batches, err
}

// Without skip locked: it ends when whoever holds a batch has committed or given up.
const awaitUnmetered = `
select batch_id
from logs.batches
where metered_run is null
order by batch_id
for update`

func lockUnmetered(ctx context.Context, tx pg.Q) ([]int64, error) {
	var ids []int64
	err := tx.SelectContext(ctx, &ids, awaitUnmetered)
	return ids, err
}

const addMeterRun = `
insert into logs.meter_runs (batches, lines)
values ($1, $2)
returning run_id`

func insertMeterRun(ctx context.Context, tx pg.Q, batches int, lines int64) (int64, error) {
	var run int64
	err := tx.GetContext(ctx, &run, addMeterRun, batches, lines)
	return run, err
}

//go:embed sql/meter_batches.sql
var meterBatches string

func addTotals(ctx context.Context, tx pg.Q, s span) (int64, error) {
	var lines int64
	err := tx.GetContext(ctx, &lines, meterBatches, pq.Array(s.ids), s.lo, s.hi, s.from, s.to)
	return lines, err
}

const markMetered = `
update logs.batches
set metered_run = $1
where batch_id = any($2::bigint[])
and metered_run is null`

func updateMetered(ctx context.Context, tx pg.Q, run int64, ids []int64) (int64, error) {
	done, err := tx.ExecContext(ctx, markMetered, run, pq.Array(ids))
	if err != nil {
		return 0, err
	}
	return done.RowsAffected()
}

const openBatches = `
select batch_id, stored, first_at, last_at
from logs.batches
where billed_run is null
and metered_run is not null
and batch_id > $1
order by batch_id
limit $2`

func selectOpenBatches(ctx context.Context, q pg.Q, after int64, limit int) ([]batchSpan, error) {
	var batches []batchSpan
	err := q.SelectContext(ctx, &batches, openBatches, after, limit)
	return batches, err
}

//go:embed sql/close_batches.sql
var closeBatches string

func updateClosed(ctx context.Context, q pg.Q, run int64, s span) error {
	_, err := q.ExecContext(ctx, closeBatches, run, pq.Array(s.ids), s.from, s.to)
	return err
}
