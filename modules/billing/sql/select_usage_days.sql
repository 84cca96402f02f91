-- A customer's charged usage by UTC day. Runs per usage page. Counts on usage_metrics_pkey.
select date_trunc('day', m.period, 'UTC') as start,
       m.service,
       sum(m.total_requests)::bigint as requests,
       sum(m.billable)::bigint as billable,
       sum(m.total_bandwidth)::bigint as bytes,
       sum(m.amount_charged)::bigint as amount_micros
  from billing.usage_metrics m
 where m.customer_id = $1
   and m.period >= $2
   and m.period < $3
 group by 1, m.service
 order by 1, m.service
