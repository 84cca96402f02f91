-- The hours whose total is not what their rows add up to. Run by `suiftly doctor`; reads every kept row once. Days past
-- retention have totals and no rows: they are left out. Batches that are not metered yet are too.
with kept as (
    select min(to_date(right(c.relname, 8), 'YYYYMMDD'))::timestamp at time zone 'UTC' as since
    from pg_catalog.pg_inherits i
    join pg_catalog.pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'logs.haproxy_logs'::regclass
),
rows as (
    select
        l.customer_id, l.service,
        date_bin('1 hour', l.timestamp, timestamptz '2000-01-01 00:00:00+00') as hour,
        count(*) as requests,
        count(*) filter (where l.billable) as billable,
        coalesce(sum(l.bytes_sent) filter (where l.reached), 0)::bigint as bytes
    from logs.haproxy_logs l
    join logs.batches b on b.batch_id = l.batch_id
    where b.metered_run is not null
    group by 1, 2, 3
),
totals as (
    select customer_id, service, hour, requests, billable, bytes
    from logs.usage_hours
    where hour >= (select coalesce(since, 'infinity') from kept)
)
select format('customer %s, %s, %s: the rows are %s requests, %s billable, %s bytes; the total says %s, %s, %s',
    coalesce(r.customer_id, t.customer_id), coalesce(r.service, t.service), to_char(coalesce(r.hour, t.hour), 'YYYY-MM-DD HH24:MI'),
    coalesce(r.requests, 0), coalesce(r.billable, 0), coalesce(r.bytes, 0),
    coalesce(t.requests, 0), coalesce(t.billable, 0), coalesce(t.bytes, 0)) as wrong
from rows r
full join totals t on t.customer_id = r.customer_id and t.service = r.service and t.hour = r.hour
where (r.requests, r.billable, r.bytes) is distinct from (t.requests, t.billable, t.bytes)
order by 1
limit 20
