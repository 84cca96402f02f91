-- Months of a service whose posted plan fee is not the sum of its fees. Runs by doctor and by the hourly check. Reads both
-- tables once.
select format('customer %s %s %s: %s micros posted, revision %s; its fees add up to %s, revision %s, %s of them',
              coalesce(a.customer_id, f.customer_id), coalesce(a.service, f.service), to_char(coalesce(a.month, f.month), 'YYYY-MM'),
              a.posted_micros, a.revision, f.amount_micros, f.revision, f.fees)
  from billing.accruals a
  full join (select customer_id,
                    service,
                    month,
                    sum(amount_micros) as amount_micros,
                    max(revision) as revision,
                    count(*) as fees
               from billing.fees
              group by customer_id, service, month) f
    on f.customer_id = a.customer_id
   and f.service = a.service
   and f.month = a.month
 where a.posted_micros is distinct from f.amount_micros
    or a.revision is distinct from f.revision
    or f.fees is distinct from f.revision
 order by 1
 limit 20
