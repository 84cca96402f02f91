-- When some customers' services were enabled, not suspended, and of which configuration, from $2 until $3. Runs once per group
-- of customers and billing run. Counts on config_versions_pkey; periods and suspensions are a few rows a customer.
-- Clocks of replicas differ by milliseconds: periods are united before they count, a version begins no earlier than the one
-- before it, and the first holds since ever.
with enabled as materialized (
    select customer_id, service,
           range_agg(tstzrange(date_trunc('second', enabled_at), date_trunc('second', disabled_at))) as spans
      from services.enabled_periods
     where customer_id = any ($1)
       and enabled_at < $3
       and (disabled_at is null or disabled_at >= $2)
     group by customer_id, service
), suspended as materialized (
    select customer_id,
           range_agg(tstzrange(date_trunc('second', suspended_at), date_trunc('second', resumed_at))) as spans
      from services.suspensions
     where customer_id = any ($1)
       and suspended_at < $3
       and (resumed_at is null or resumed_at >= $2)
     group by customer_id
), begun as (
    select customer_id, service, version, monthly_micros,
           case when version = 1 then '-infinity'
                else max(date_trunc('second', changed_at)) over (partition by customer_id, service order by version) end as since
      from services.config_versions
     where customer_id = any ($1)
), versions as materialized (
    select customer_id, service, version, monthly_micros,
           tstzrange(since, lead(since) over (partition by customer_id, service order by version)) as in_force
      from begun
)
select v.customer_id,
       v.service,
       v.version,
       v.monthly_micros,
       lower(s.span) as from,
       upper(s.span) as to
  from enabled e
  join versions v on v.customer_id = e.customer_id and v.service = e.service
  left join suspended x on x.customer_id = e.customer_id
 cross join lateral unnest(
           e.spans * tstzmultirange(v.in_force * tstzrange(date_trunc('second', $2::timestamptz), date_trunc('second', $3::timestamptz)))
           - coalesce(x.spans, '{}')) as s (span)
 order by v.customer_id, v.service, s.span
