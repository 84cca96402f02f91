-- Adds the rows of claimed batches to the hour totals and both chart rollups, in one scan of the rows.
-- Run by the meter for each chunk of batches, in the transaction that marks them. Counts on haproxy_logs_batch; the ids come
-- as an array with bounds because the join to batches was planned as one probe per batch and did not finish.
-- The three inserts wait for one another and sort alike, so that two meters lock the same rows in the same order.
with minutes as materialized (
    select
        customer_id,
        service,
        date_bin('1 minute', timestamp, timestamptz '2000-01-01 00:00:00+00') as bucket,
        count(*) as requests,
        count(*) filter (where billable) as billable,
        coalesce(sum(bytes_sent) filter (where reached), 0)::bigint as bytes,
        count(*) filter (where status between 200 and 299) as status_2xx,
        count(*) filter (where status between 300 and 399) as status_3xx,
        count(*) filter (where status between 400 and 499) as status_4xx,
        count(*) filter (where status = 429) as status_429,
        count(*) filter (where status between 500 and 599) as status_5xx,
        count(*) filter (where status not between 200 and 599) as status_other,
        sum(greatest(duration_ms, 0))::bigint as duration_sum_ms,
        count(*) filter (where duration_ms between 0 and 5) as took_5,
        count(*) filter (where duration_ms between 6 and 10) as took_10,
        count(*) filter (where duration_ms between 11 and 25) as took_25,
        count(*) filter (where duration_ms between 26 and 50) as took_50,
        count(*) filter (where duration_ms between 51 and 100) as took_100,
        count(*) filter (where duration_ms between 101 and 250) as took_250,
        count(*) filter (where duration_ms between 251 and 500) as took_500,
        count(*) filter (where duration_ms between 501 and 1000) as took_1000,
        count(*) filter (where duration_ms between 1001 and 2500) as took_2500,
        count(*) filter (where duration_ms between 2501 and 5000) as took_5000,
        count(*) filter (where duration_ms between 5001 and 10000) as took_10000,
        count(*) filter (where duration_ms > 10000) as took_more
    from logs.haproxy_logs
    where batch_id = any($1::bigint[])
    and batch_id between $2 and $3
    and timestamp between $4 and $5
    group by 1, 2, 3
),
hours as materialized (
    select
        customer_id, service,
        date_bin('1 hour', bucket, timestamptz '2000-01-01 00:00:00+00') as bucket,
        sum(requests)::bigint as requests, sum(billable)::bigint as billable, sum(bytes)::bigint as bytes,
        sum(status_2xx)::bigint as status_2xx, sum(status_3xx)::bigint as status_3xx,
        sum(status_4xx)::bigint as status_4xx, sum(status_429)::bigint as status_429,
        sum(status_5xx)::bigint as status_5xx, sum(status_other)::bigint as status_other,
        sum(duration_sum_ms)::bigint as duration_sum_ms,
        sum(took_5)::bigint as took_5, sum(took_10)::bigint as took_10, sum(took_25)::bigint as took_25,
        sum(took_50)::bigint as took_50, sum(took_100)::bigint as took_100, sum(took_250)::bigint as took_250,
        sum(took_500)::bigint as took_500, sum(took_1000)::bigint as took_1000, sum(took_2500)::bigint as took_2500,
        sum(took_5000)::bigint as took_5000, sum(took_10000)::bigint as took_10000, sum(took_more)::bigint as took_more
    from minutes
    group by 1, 2, 3
),
totalled as (
    insert into logs.usage_hours as t (customer_id, service, hour, requests, billable, bytes, revision)
    select customer_id, service, bucket, requests, billable, bytes, 1
    from hours
    order by customer_id, service, bucket
    on conflict (customer_id, service, hour) do update set
        requests = t.requests + excluded.requests,
        billable = t.billable + excluded.billable,
        bytes = t.bytes + excluded.bytes,
        revision = t.revision + 1
    returning 1
),
by_hour as (
    insert into logs.rollup_hours as t (
        customer_id, service, bucket, requests, billable, bytes,
        status_2xx, status_3xx, status_4xx, status_429, status_5xx, status_other, duration_sum_ms,
        took_5, took_10, took_25, took_50, took_100, took_250, took_500, took_1000, took_2500, took_5000, took_10000, took_more)
    select
        customer_id, service, bucket, requests, billable, bytes,
        status_2xx, status_3xx, status_4xx, status_429, status_5xx, status_other, duration_sum_ms,
        took_5, took_10, took_25, took_50, took_100, took_250, took_500, took_1000, took_2500, took_5000, took_10000, took_more
    from hours
    where (select count(*) from totalled) >= 0
    order by customer_id, service, bucket
    on conflict (customer_id, bucket, service) do update set
        requests = t.requests + excluded.requests,
        billable = t.billable + excluded.billable,
        bytes = t.bytes + excluded.bytes,
        status_2xx = t.status_2xx + excluded.status_2xx,
        status_3xx = t.status_3xx + excluded.status_3xx,
        status_4xx = t.status_4xx + excluded.status_4xx,
        status_429 = t.status_429 + excluded.status_429,
        status_5xx = t.status_5xx + excluded.status_5xx,
        status_other = t.status_other + excluded.status_other,
        duration_sum_ms = t.duration_sum_ms + excluded.duration_sum_ms,
        took_5 = t.took_5 + excluded.took_5,
        took_10 = t.took_10 + excluded.took_10,
        took_25 = t.took_25 + excluded.took_25,
        took_50 = t.took_50 + excluded.took_50,
        took_100 = t.took_100 + excluded.took_100,
        took_250 = t.took_250 + excluded.took_250,
        took_500 = t.took_500 + excluded.took_500,
        took_1000 = t.took_1000 + excluded.took_1000,
        took_2500 = t.took_2500 + excluded.took_2500,
        took_5000 = t.took_5000 + excluded.took_5000,
        took_10000 = t.took_10000 + excluded.took_10000,
        took_more = t.took_more + excluded.took_more
    returning 1
),
by_minute as (
    insert into logs.rollup_minutes as t (
        customer_id, service, bucket, requests, billable, bytes,
        status_2xx, status_3xx, status_4xx, status_429, status_5xx, status_other, duration_sum_ms,
        took_5, took_10, took_25, took_50, took_100, took_250, took_500, took_1000, took_2500, took_5000, took_10000, took_more)
    select
        customer_id, service, bucket, requests, billable, bytes,
        status_2xx, status_3xx, status_4xx, status_429, status_5xx, status_other, duration_sum_ms,
        took_5, took_10, took_25, took_50, took_100, took_250, took_500, took_1000, took_2500, took_5000, took_10000, took_more
    from minutes
    where (select count(*) from by_hour) >= 0
    order by customer_id, service, bucket
    on conflict (customer_id, bucket, service) do update set
        requests = t.requests + excluded.requests,
        billable = t.billable + excluded.billable,
        bytes = t.bytes + excluded.bytes,
        status_2xx = t.status_2xx + excluded.status_2xx,
        status_3xx = t.status_3xx + excluded.status_3xx,
        status_4xx = t.status_4xx + excluded.status_4xx,
        status_429 = t.status_429 + excluded.status_429,
        status_5xx = t.status_5xx + excluded.status_5xx,
        status_other = t.status_other + excluded.status_other,
        duration_sum_ms = t.duration_sum_ms + excluded.duration_sum_ms,
        took_5 = t.took_5 + excluded.took_5,
        took_10 = t.took_10 + excluded.took_10,
        took_25 = t.took_25 + excluded.took_25,
        took_50 = t.took_50 + excluded.took_50,
        took_100 = t.took_100 + excluded.took_100,
        took_250 = t.took_250 + excluded.took_250,
        took_500 = t.took_500 + excluded.took_500,
        took_1000 = t.took_1000 + excluded.took_1000,
        took_2500 = t.took_2500 + excluded.took_2500,
        took_5000 = t.took_5000 + excluded.took_5000,
        took_10000 = t.took_10000 + excluded.took_10000,
        took_more = t.took_more + excluded.took_more
    returning 1
)
select coalesce(sum(requests), 0)::bigint as lines
from hours
where (select count(*) from by_minute) >= 0
