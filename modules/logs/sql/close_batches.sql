-- Marks as billed the batches of $2 that hold no row of an hour still to be billed. Run at the end of a billing run, some
-- hundreds of batches at a time. Counts on usage_hours_open to find the open hours and haproxy_logs_batch to read a batch;
-- a batch whose span meets no open hour is not read at all.
with asked as materialized (
    select batch_id, first_at, last_at
    from logs.batches
    where batch_id = any($2::bigint[])
    and billed_run is null
    and metered_run is not null
),
open_hours as materialized (
    select customer_id, service, hour
    from logs.usage_hours
    where unbilled
    and hour between (select min(first_at) - interval '1 hour' from asked) and (select max(last_at) from asked)
),
meeting as materialized (
    select a.batch_id
    from asked a
    where exists (
        select
        from (select distinct hour from open_hours) h
        where h.hour > a.first_at - interval '1 hour'
        and h.hour <= a.last_at)
),
waiting as materialized (
    select distinct l.batch_id
    from logs.haproxy_logs l
    join open_hours o on o.customer_id = l.customer_id and o.service = l.service
        and o.hour = date_bin('1 hour', l.timestamp, timestamptz '2000-01-01 00:00:00+00')
    where l.batch_id = any(array(select batch_id from meeting))
    and l.timestamp between $3 and $4
)
update logs.batches b
set billed_run = $1
from asked a
where b.batch_id = a.batch_id
and not exists (select from waiting w where w.batch_id = a.batch_id)
