-- What was charged of each customer and service, without the hours given: those whose total changed since.
-- Runs by doctor and by the hourly check. Reads usage_metrics once.
select m.customer_id,
       m.service,
       count(*) as hours,
       sum(m.total_requests)::bigint as requests,
       sum(m.billable)::bigint as billable,
       sum(m.total_bandwidth)::bigint as bytes
  from billing.usage_metrics m
 where not exists (select 1
                     from unnest($1::bigint[], $2::text[], $3::timestamptz[]) as u (customer_id, service, hour)
                    where u.customer_id = m.customer_id
                      and u.service = m.service
                      and u.hour = m.period)
 group by m.customer_id, m.service
