package logs

import (
	"context"
	_ "embed"
	"time"

	"github.com/lib/pq"

	"suiftly/internal/customer"
	"suiftly/internal/pg"
)

// sourceOf is a source without the name of the spool it came through.
const sourceOf = `split_part(b.source, '@', 1)`

const linesBySource = `
select ` + sourceOf + ` as source, count(*) as batches, sum(lines)::bigint as lines, sum(stored)::bigint as stored,
    sum(duplicates)::bigint as duplicates, sum(rejected)::bigint as rejected, sum(quarantined)::bigint as quarantined,
    sum(unattributed)::bigint as unattributed, max(received_at) as last_received_at
from logs.batches b
where received_at >= $1
and received_at < $2
group by 1
order by 1`

func selectSources(ctx context.Context, q pg.Q, from, to time.Time) ([]SourceLines, error) {
	sources := []SourceLines{}
	err := q.SelectContext(ctx, &sources, linesBySource, from, to)
	return sources, err
}

const latestRejects = `
select r.rid, r.rejected_at, r.reason, ` + sourceOf + ` as source, b.position, r.line_number, r.line, r.intact, r.redriven_at
from logs.rejects r
join logs.batches b on b.batch_id = r.batch_id
where ($1 = '' or r.reason = $1)
and ($2 = '' or ` + sourceOf + ` = $2)
and r.rejected_at >= $3
and r.rejected_at < $4
and r.rejected_at <= $5
and (r.rejected_at, r.rid) < ($5, $6::uuid)
order by r.rejected_at desc, r.rid desc
limit $7`

func selectRejects(ctx context.Context, q pg.Q, f HeldFilter, before heldPlace, limit int) ([]Reject, error) {
	page := []Reject{}
	err := q.SelectContext(ctx, &page, latestRejects, f.Reason, f.Source, f.From, f.until(), before.at, before.id, limit)
	return page, err
}

const latestQuarantine = `
select q.rid, q.held_at, q.reason, ` + sourceOf + ` as source, q.timestamp, q.customer_id, coalesce(q.claimed, '') as claimed,
    q.service, q.method, q.path, q.status, q.bytes_sent, q.released_at
from logs.quarantine q
join logs.batches b on b.batch_id = q.batch_id
where ($1 = '' or q.reason = $1)
and ($2 = '' or ` + sourceOf + ` = $2)
and q.timestamp >= $3
and q.timestamp < $4
and q.held_at <= $5
and (q.held_at, q.rid) < ($5, $6::uuid)
order by q.held_at desc, q.rid desc
limit $7`

func selectHeld(ctx context.Context, q pg.Q, f HeldFilter, before heldPlace, limit int) ([]HeldRow, error) {
	page := []HeldRow{}
	err := q.SelectContext(ctx, &page, latestQuarantine, f.Reason, f.Source, f.From, f.until(), before.at, before.id, limit)
	return page, err
}

const nextRedrive = `select nextval('logs.redrives')`

func nextRedrivePosition(ctx context.Context, q pg.Q) (position int64, err error) {
	err = q.GetContext(ctx, &position, nextRedrive)
	return position, err
}

const heldDays = `
select distinct date_trunc('day', q.timestamp, 'UTC')
from logs.quarantine q
where q.released_batch is null
and q.timestamp between $1 and $2`

func selectHeldDays(ctx context.Context, q pg.Q, from, to time.Time) (days []time.Time, err error) {
	err = q.SelectContext(ctx, &days, heldDays, from, to)
	return days, err
}

//go:embed sql/release_quarantined.sql
var releaseQuarantined string

// released is what a release moved.
type released struct {
	Lines        int        `db:"lines"`
	Stored       int        `db:"stored"`
	Unattributed int        `db:"unattributed"`
	FirstAt      *time.Time `db:"first_at"`
	LastAt       *time.Time `db:"last_at"`
}

func releaseHeld(ctx context.Context, tx pg.Q, batch int64, f HeldFilter, from, to time.Time, limit int, now time.Time) (r released, err error) {
	err = tx.GetContext(ctx, &r, releaseQuarantined, batch, f.Reason, f.Source, from, to, limit, now)
	return r, against(err)
}

const fillBatch = `
update logs.batches
set lines = $2, stored = $3, duplicates = $4, unattributed = $5, first_at = $6, last_at = $7
where batch_id = $1`

func updateReleased(ctx context.Context, tx pg.Q, batch int64, r released) error {
	_, err := tx.ExecContext(ctx, fillBatch, batch, r.Lines, r.Stored, r.Lines-r.Stored, r.Unattributed, r.FirstAt, r.LastAt)
	return err
}

const unreadRejects = `
select r.rid, r.line, r.rejected_at
from logs.rejects r
join logs.batches b on b.batch_id = r.batch_id
where r.redriven_batch is null
and r.intact
and ($1 = '' or r.reason = $1)
and ($2 = '' or ` + sourceOf + ` = $2)
and r.rejected_at >= $3
and r.rejected_at < $4
and (r.rejected_at, r.rid) > ($5, $6::uuid)
order by r.rejected_at, r.rid
limit $7
for update of r`

type unreadLine struct {
	RID        string    `db:"rid"`
	Line       string    `db:"line"`
	RejectedAt time.Time `db:"rejected_at"`
}

func lockRejects(ctx context.Context, tx pg.Q, f HeldFilter, after heldPlace, limit int) (lines []unreadLine, err error) {
	err = tx.SelectContext(ctx, &lines, unreadRejects, f.Reason, f.Source, f.From, f.until(), after.at, after.id, limit)
	return lines, err
}

const markRedriven = `
update logs.rejects
set redriven_batch = $1, redriven_at = $2
where rid = any($3::uuid[])`

func updateRedriven(ctx context.Context, tx pg.Q, batch int64, now time.Time, rids []string) error {
	_, err := tx.ExecContext(ctx, markRedriven, batch, now, pq.Array(rids))
	return err
}

const claims = `
select coalesce(claimed, '') as claimed, service, count(*) as requests, min(timestamp) as first_at, max(timestamp) as last_at
from logs.haproxy_logs
where customer_id = 0
and timestamp >= $1
and timestamp < $2
group by 1, 2
order by 3 desc, 1, 2
limit $3`

func selectClaims(ctx context.Context, q pg.Q, from, to time.Time, limit int) ([]Claim, error) {
	found := []Claim{}
	err := q.SelectContext(ctx, &found, claims, from, to, limit)
	return found, err
}

// The rows lose their claim where they stand; metered says which of them are in nobody's totals.
const (
	pickClaimed = `
create temporary table attributed on commit drop as
select timestamp, rid, batch_id, service, status, billable, reached, bytes_sent, duration_ms, false as metered
from logs.haproxy_logs
where customer_id = 0
and claimed = $1
and service <> ''
and timestamp >= $2
and timestamp < $3
order by timestamp, rid
limit $4`

	lockClaimedBatches = `
select batch_id
from logs.batches
where batch_id in (select batch_id from pg_temp.attributed)
order by batch_id
for update`

	noteMetered = `
update pg_temp.attributed a
set metered = true
from logs.batches b
where b.batch_id = a.batch_id
and b.metered_run is not null`

	setOwner = `
update logs.haproxy_logs l
set customer_id = $1, claimed = null
from pg_temp.attributed a
where l.timestamp = a.timestamp
and l.rid = a.rid
and l.customer_id = 0`

	countAttributed = `
update logs.batches b
set unattributed = b.unattributed - a.rows
from (select batch_id, count(*) as rows from pg_temp.attributed group by batch_id) a
where b.batch_id = a.batch_id`
)

// attributeRows gives the rows a claim has in a time to a customer, with everything that was counted of them.
func attributeRows(ctx context.Context, tx pg.Q, claimed string, to customer.ID, from, until time.Time, limit int) (int64, error) {
	if _, err := tx.ExecContext(ctx, pickClaimed, claimed, from, until, limit); err != nil {
		return 0, err
	}
	var batches []int64
	if err := tx.SelectContext(ctx, &batches, lockClaimedBatches); err != nil || len(batches) == 0 {
		return 0, err
	}
	if _, err := tx.ExecContext(ctx, noteMetered); err != nil {
		return 0, err
	}
	done, err := tx.ExecContext(ctx, setOwner, int64(to))
	if err != nil {
		return 0, err
	}
	for _, statement := range moveTotals {
		if _, err := tx.ExecContext(ctx, statement, int64(to)); err != nil {
			return 0, err
		}
	}
	if _, err := tx.ExecContext(ctx, countAttributed); err != nil {
		return 0, err
	}
	return done.RowsAffected()
}
