-- What the charges of each customer and service add up to, with the ledger's digest over (cause, amount).
-- Runs by doctor and by the hourly check. Reads all charges once.
select c.customer_id,
       c.service,
       count(*) as charges,
       sum(c.amount_micros) as amount_micros,
       sum(hashtextextended(c.cause || '=' || c.amount_micros, 0))::text as digest
  from billing.charges c
 where c.amount_micros <> 0
 group by c.customer_id, c.service
