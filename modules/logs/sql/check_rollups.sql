-- The hours whose chart is not their total. Run by `suiftly doctor`; reads the totals and both rollups once.
with minutes as (
    select
        customer_id, service,
        date_bin('1 hour', bucket, timestamptz '2000-01-01 00:00:00+00') as hour,
        sum(requests)::bigint as requests, sum(billable)::bigint as billable, sum(bytes)::bigint as bytes
    from logs.rollup_minutes
    group by 1, 2, 3
),
charts as (
    select
        coalesce(h.customer_id, m.customer_id) as customer_id, coalesce(h.service, m.service) as service,
        coalesce(h.bucket, m.hour) as hour,
        row(h.requests, h.billable, h.bytes) as by_hour,
        row(m.requests, m.billable, m.bytes) as by_minute
    from logs.rollup_hours h
    full join minutes m on m.customer_id = h.customer_id and m.service = h.service and m.hour = h.bucket
)
select format('customer %s, %s, %s: the total is %s, the hourly chart %s, the minutes %s',
    coalesce(t.customer_id, c.customer_id), coalesce(t.service, c.service), to_char(coalesce(t.hour, c.hour), 'YYYY-MM-DD HH24:MI'),
    row(t.requests, t.billable, t.bytes), c.by_hour, c.by_minute) as wrong
from logs.usage_hours t
full join charts c on c.customer_id = t.customer_id and c.service = t.service and c.hour = t.hour
where row(t.requests, t.billable, t.bytes) is distinct from c.by_hour
or row(t.requests, t.billable, t.bytes) is distinct from c.by_minute
order by 1
limit 20
