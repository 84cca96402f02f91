-- A customer's charged usage by hour. Runs per usage page. Counts on usage_metrics_pkey.
select m.period as start,
       m.service,
       m.total_requests as requests,
       m.billable,
       m.total_bandwidth as bytes,
       m.amount_charged as amount_micros
  from billing.usage_metrics m
 where m.customer_id = $1
   and m.period >= $2
   and m.period < $3
 order by m.period, m.service
