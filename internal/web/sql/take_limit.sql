-- Takes up to $3 of the $4 that a caller may have in $5 microseconds, now ($2), and says how many it got. One statement, so
-- that all replicas together grant no more than the limit. Runs for calls that are limited exactly, and for busy callers once
-- in many. Counts on the primary key. An array holds one entry for each grant of one window: at most as many as the limit.
insert into ops.rate_limits as r (key_sha256, taken_us, units, granted, forget_at)
values ($1, array[$2::bigint], array[least($3::int, $4::int)], least($3::int, $4::int), $6)
on conflict (key_sha256) do update
set (taken_us, units, granted, forget_at) = (
    with live as (
        select t.us, t.n, t.place
        from unnest(r.taken_us, r.units) with ordinality as t (us, n, place)
        where t.us > $2::bigint - $5::bigint
    ), got as (
        select greatest(0, least($3::int, $4::int - coalesce(sum(live.n), 0)))::int as n
        from live
    )
    select array(select live.us from live order by live.place) || case when got.n > 0 then array[$2::bigint] else '{}' end,
           array(select live.n from live order by live.place) || case when got.n > 0 then array[got.n] else '{}' end,
           got.n,
           $6::timestamptz
    from got)
returning granted, taken_us, units
