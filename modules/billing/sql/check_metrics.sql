-- Hours whose record is not the sum of their charges. Runs by doctor and by the hourly check. Reads both tables once.
select format('customer %s %s %s: recorded %s requests, %s billable, %s bytes, %s micros, revision %s; its charges add up to %s, %s, %s, %s, revision %s',
              coalesce(m.customer_id, c.customer_id), coalesce(m.service, c.service),
              to_char(coalesce(m.period, c.hour) at time zone 'UTC', 'YYYY-MM-DD"T"HH24"Z"'),
              m.total_requests, m.billable, m.total_bandwidth, m.amount_charged, m.revision,
              c.requests, c.billable, c.bytes, c.amount_micros, c.revision)
  from billing.usage_metrics m
  full join (select customer_id,
                    service,
                    hour,
                    sum(requests) as requests,
                    sum(billable) as billable,
                    sum(bytes) as bytes,
                    sum(amount_micros) as amount_micros,
                    max(revision) as revision,
                    count(*) as charges
               from billing.charges
              group by customer_id, service, hour) c
    on c.customer_id = m.customer_id
   and c.service = m.service
   and c.hour = m.period
 where m.total_requests is distinct from c.requests
    or m.billable is distinct from c.billable
    or m.total_bandwidth is distinct from c.bytes
    or m.amount_charged is distinct from c.amount_micros
    or m.revision is distinct from c.revision
    or c.charges is distinct from c.revision
 order by 1
 limit 20
