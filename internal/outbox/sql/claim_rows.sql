-- Takes rows that are due for this run: counts the attempt and keeps others away until the lease ends, so that a row of a replica
-- that died is tried again. Every 5 seconds; index outbox_due.
update ops.outbox
set attempts = attempts + 1,
    next_at = $2
where outbox_id in (select outbox_id
                    from ops.outbox
                    where dead_at is null
                      and next_at <= $1
                      and kind = any($3)
                    order by next_at
                    limit $4
                    for update skip locked)
returning outbox_id, kind, body, attempts
