-- A customer's charged usage and plan fees by hour. Runs per usage page. Counts on usage_metrics_pkey and fees_once.
select u.start,
       u.service,
       sum(u.requests)::bigint as requests,
       sum(u.billable)::bigint as billable,
       sum(u.bytes)::bigint as bytes,
       sum(u.amount + u.plan)::bigint as amount_micros,
       sum(u.plan)::bigint as plan_micros
  from (select m.period as start, m.service, m.total_requests as requests, m.billable, m.total_bandwidth as bytes,
               m.amount_charged as amount, 0 as plan
          from billing.usage_metrics m
         where m.customer_id = $1
           and m.period >= $2
           and m.period < $3
         union all
        select f.hour, f.service, 0, 0, 0, 0, f.amount_micros
          from billing.fees f
         where f.customer_id = $1
           and f.month >= date_trunc('month', $2::timestamptz, 'UTC') at time zone 'UTC'
           and f.month < $3::timestamptz at time zone 'UTC'
           and f.hour >= $2
           and f.hour < $3) u
 group by u.start, u.service
 order by u.start, u.service
