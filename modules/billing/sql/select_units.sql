-- How many units some services were charged for in a month. Runs per group of customers with a graduated price and run. Counts
-- on usage_metrics_pkey; reads a month's hours of each.
select w.customer_id,
       w.service,
       w.month,
       coalesce(sum(m.billable), 0)::bigint as billable,
       coalesce(sum(m.total_bandwidth), 0)::bigint as bytes
  from unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::timestamptz[]) as w (customer_id, service, month, until)
  left join billing.usage_metrics m
    on m.customer_id = w.customer_id
   and m.service = w.service
   and m.period >= w.month
   and m.period < w.until
 group by w.customer_id, w.service, w.month
