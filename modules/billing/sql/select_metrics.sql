-- What was charged for some hours of some customers. Runs once per group of customers and run. Counts on usage_metrics_pkey.
select m.customer_id,
       m.service,
       m.period,
       m.total_requests,
       m.billable,
       m.total_bandwidth,
       m.amount_charged,
       m.revision
  from unnest($1::bigint[], $2::text[], $3::timestamptz[]) as h (customer_id, service, period)
  join billing.usage_metrics m
    on m.customer_id = h.customer_id
   and m.period = h.period
   and m.service = h.service
