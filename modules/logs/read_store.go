package logs

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"suiftly/internal/pg"
)

// Every statement of this file runs in a transaction of Module.own, which decides whose rows the views show.

const requestColumns = `
select timestamp, rid, service, method, path, status, billable, bytes_sent, bytes_received, duration_ms, backend, server, termination,
    coalesce(host(client_ip), '') as client_ip, key_id
from logs.own_requests
where `

const newestFirst = `
order by timestamp desc, rid desc`

// selectRequests counts on haproxy_logs_customer: rows come from it in order of time, so that a page ends with its last row.
func selectRequests(ctx context.Context, q pg.Q, f Filter, before place, limit int) ([]LoggedRequest, error) {
	c := f.sql()
	at := time.UnixMilli(before.atMillis).UTC()
	c.add("timestamp <= ?", at)
	c.add("(timestamp, rid) < (?, ?::uuid)", at, string(appendUUID(nil, before.rid)))
	c.args = append(c.args, limit)
	page := []LoggedRequest{}
	err := q.SelectContext(ctx, &page, requestColumns+c.text.String()+newestFirst+fmt.Sprintf("\nlimit $%d", len(c.args)), c.args...)
	return page, err
}

// queryRequests gives the rows one by one, as the caller takes them.
func queryRequests(ctx context.Context, tx *sqlx.Tx, f Filter) (*sqlx.Rows, error) {
	c := f.sql()
	return tx.QueryxContext(ctx, requestColumns+c.text.String()+newestFirst, c.args...)
}

const outcomeColumns = `
    count(*) as requests,
    count(*) filter (where billable) as billable,
    coalesce(sum(bytes_sent) filter (where reached), 0)::bigint as bytes,
    count(*) filter (where status between 200 and 299) as status_2xx,
    count(*) filter (where status between 300 and 399) as status_3xx,
    count(*) filter (where status between 400 and 499) as status_4xx,
    count(*) filter (where status = 429) as status_429,
    count(*) filter (where status between 500 and 599) as status_5xx,
    count(*) filter (where status not between 200 and 599) as status_other
from logs.own_requests
where `

func selectHistogram(ctx context.Context, q pg.Q, f Filter, step time.Duration) ([]Outcomes, error) {
	c := f.sql()
	c.args = append(c.args, step.Milliseconds())
	bucket := fmt.Sprintf("date_bin($%d * interval '1 millisecond', timestamp, timestamptz '2000-01-01 00:00:00+00')", len(c.args))
	buckets := []Outcomes{}
	err := q.SelectContext(ctx, &buckets, "select "+bucket+" as bucket,"+outcomeColumns+c.text.String()+"\ngroup by 1\norder by 1", c.args...)
	return buckets, err
}

func selectPaths(ctx context.Context, q pg.Q, f Filter, limit int) ([]PathCount, error) {
	c := f.sql()
	c.args = append(c.args, limit)
	paths := []PathCount{}
	err := q.SelectContext(ctx, &paths, `
select service, path, count(*) as requests,
    count(*) filter (where billable) as billable,
    count(*) filter (where status between 500 and 599) as failed,
    coalesce(sum(bytes_sent) filter (where reached), 0)::bigint as bytes,
    coalesce(percentile_disc(0.5) within group (order by duration_ms) filter (where duration_ms >= 0), -1) as p50_ms,
    coalesce(percentile_disc(0.95) within group (order by duration_ms) filter (where duration_ms >= 0), -1) as p95_ms
from logs.own_requests
where `+c.text.String()+fmt.Sprintf(`
group by service, path
order by requests desc, service, path
limit $%d`, len(c.args)), c.args...)
	return paths, err
}

const bucketColumns = `
select service, bucket, requests, billable, bytes, status_2xx, status_3xx, status_4xx, status_429, status_5xx, status_other,
    duration_sum_ms, took_5, took_10, took_25, took_50, took_100, took_250, took_500, took_1000, took_2500, took_5000,
    took_10000, took_more`

const (
	minuteBuckets = bucketColumns + `
from logs.own_minutes
where bucket >= $1
and bucket < $2
order by service, bucket`

	hourBuckets = bucketColumns + `
from logs.own_hours
where bucket >= $1
and bucket < $2
order by service, bucket`
)

func selectBuckets(ctx context.Context, q pg.Q, step Step, from, to time.Time) ([]bucketRow, error) {
	rows := []bucketRow{}
	err := q.SelectContext(ctx, &rows, step.sql, from, to)
	return rows, err
}
