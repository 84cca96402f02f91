-- Moves quarantined rows into the log table, as rows of batch $1. Run by an operator's redrive, in the transaction that makes
-- the batch. A row that is there already, because its line came again, is a duplicate.
-- $2 reason, $3 source, or '' for all; $4 and $5 the times that may be released; $6 how many; $7 now.
with picked as materialized (
    select q.timestamp, q.rid
    from logs.quarantine q
    join logs.batches b on b.batch_id = q.batch_id
    where q.released_batch is null
    and ($2 = '' or q.reason = $2)
    and ($3 = '' or split_part(b.source, '@', 1) = $3)
    and q.timestamp between $4 and $5
    order by q.timestamp, q.rid
    limit $6
    for update of q
),
added as (
    insert into logs.haproxy_logs (
        batch_id, customer_id, claimed, timestamp, rid, status, billable, reached, bytes_sent, bytes_received, duration_ms,
        client_ip, service, key_id, method, path, backend, server, termination)
    select
        $1, q.customer_id, q.claimed, q.timestamp, q.rid, q.status, q.billable, q.reached, q.bytes_sent, q.bytes_received,
        q.duration_ms, q.client_ip, q.service, q.key_id, q.method, q.path, q.backend, q.server, q.termination
    from logs.quarantine q
    join picked p on p.timestamp = q.timestamp and p.rid = q.rid
    order by q.timestamp, q.rid
    on conflict (timestamp, rid) do nothing
    returning customer_id, timestamp
),
marked as (
    update logs.quarantine q
    set released_batch = $1, released_at = $7
    from picked p
    where q.timestamp = p.timestamp
    and q.rid = p.rid
    returning 1
)
select
    (select count(*) from marked) as lines,
    count(*) as stored,
    count(*) filter (where customer_id = 0) as unattributed,
    min(timestamp) as first_at,
    max(timestamp) as last_at
from added
