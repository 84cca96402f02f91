package logs

import (
	"context"
	"time"

	"suiftly/internal/customer"
	"suiftly/internal/pg"
)

// ownRows is the tenant filter of every read of the log table: a customer's own rows, and none for nobody.
const ownRows = `customer_id = $1
and customer_id <> 0`

const latestRequests = `
select timestamp, rid, service, method, path, status, bytes_sent, duration_ms, backend, server, termination,
    coalesce(host(client_ip), '') as client_ip, key_id
from logs.haproxy_logs
where ` + ownRows + `
and ($2 = '' or service = $2)
and timestamp <= $3
and (timestamp, rid) < ($3, $4::uuid)
order by timestamp desc, rid desc
limit $5`

func selectRequests(ctx context.Context, q pg.Q, id customer.ID, service string, before place, limit int) ([]LoggedRequest, error) {
	page := []LoggedRequest{}
	err := q.SelectContext(ctx, &page, latestRequests, int64(id), service, time.UnixMilli(before.atMillis).UTC(), string(appendUUID(nil, before.rid)), limit)
	return page, err
}

const bucketColumns = `
select service, bucket, requests, billable, bytes, status_2xx, status_3xx, status_4xx, status_429, status_5xx, status_other,
    duration_sum_ms, took_5, took_10, took_25, took_50, took_100, took_250, took_500, took_1000, took_2500, took_5000,
    took_10000, took_more`

const (
	minuteBuckets = bucketColumns + `
from logs.rollup_minutes
where ` + ownRows + `
and bucket >= $2
and bucket < $3
order by service, bucket`

	hourBuckets = bucketColumns + `
from logs.rollup_hours
where ` + ownRows + `
and bucket >= $2
and bucket < $3
order by service, bucket`
)

func selectBuckets(ctx context.Context, q pg.Q, step Step, id customer.ID, from, to time.Time) ([]bucketRow, error) {
	rows := []bucketRow{}
	err := q.SelectContext(ctx, &rows, step.sql, int64(id), from, to)
	return rows, err
}
