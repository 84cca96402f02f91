-- What was charged for some hours of a customer. Runs once per customer and run. Counts on usage_metrics_pkey.
select m.service,
       m.period,
       m.total_requests,
       m.billable,
       m.total_bandwidth,
       m.amount_charged,
       m.revision
  from unnest($2::text[], $3::timestamptz[]) as h (service, period)
  join billing.usage_metrics m
    on m.customer_id = $1
   and m.period = h.period
   and m.service = h.service
