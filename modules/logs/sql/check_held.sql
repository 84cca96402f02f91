-- The batches whose quarantined rows or rejects are not as many as they say. Run by `suiftly doctor`; reads both tables once.
-- $1: what was held before it may be forgotten.
with held as (
    select batch_id, count(*) as rows
    from logs.quarantine
    group by batch_id
),
unread as (
    select batch_id, count(*) as rows
    from logs.rejects
    group by batch_id
)
select format('batch %s of %s: says %s quarantined and %s rejected lines; there are %s and %s', b.batch_id, b.source,
    b.quarantined, b.rejected, coalesce(h.rows, 0), coalesce(u.rows, 0)) as wrong
from logs.batches b
left join held h on h.batch_id = b.batch_id
left join unread u on u.batch_id = b.batch_id
where b.received_at >= $1
and (b.quarantined > 0 or b.rejected > 0 or h.rows > 0 or u.rows > 0)
and (b.quarantined <> coalesce(h.rows, 0) or b.rejected <> coalesce(u.rows, 0))
order by b.batch_id
limit 20
