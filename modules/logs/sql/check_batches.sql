-- The batches that hold another number of rows than they say. Run by `suiftly doctor`; reads the batch index once.
with kept as (
    select min(to_date(right(c.relname, 8), 'YYYYMMDD'))::timestamp at time zone 'UTC' as since
    from pg_catalog.pg_inherits i
    join pg_catalog.pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'logs.haproxy_logs'::regclass
),
held as (
    select batch_id, count(*) as rows, min(timestamp) as first_at, max(timestamp) as last_at
    from logs.haproxy_logs
    group by batch_id
)
select format('batch %s of %s: holds %s rows from %s to %s; says %s from %s to %s', b.batch_id, b.source,
    coalesce(h.rows, 0), h.first_at, h.last_at, b.stored, b.first_at, b.last_at) as wrong
from logs.batches b
left join held h on h.batch_id = b.batch_id
where (b.stored > 0 or h.batch_id is not null)
and (b.first_at is null or b.first_at >= (select since from kept))
and (b.stored <> coalesce(h.rows, 0) or b.first_at is null or h.first_at < b.first_at or h.last_at > b.last_at)
order by b.batch_id
limit 20
