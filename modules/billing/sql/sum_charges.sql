-- What the charges and plan fees of each customer and service add up to, with the ledger's digest over (cause, amount).
-- Runs by doctor and by the hourly check. Reads all of them once.
select c.customer_id,
       c.service,
       count(*) as charges,
       sum(c.amount_micros) as amount_micros,
       sum(hashtextextended(c.cause || '=' || c.amount_micros, 0))::text as digest
  from (select customer_id, service, amount_micros, cause
          from billing.charges
         where amount_micros <> 0
         union all
        select customer_id, service, amount_micros, cause
          from billing.fees) c
 group by c.customer_id, c.service
