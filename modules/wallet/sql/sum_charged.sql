-- What was charged to each customer for each service, all time, less what was given back. The digest is a sum over
-- (cause, amount): equal digests mean the same transactions, to the micro.
-- Runs by doctor and by the hourly check. Reads all transactions once.
select t.customer_id,
       a.service,
       count(*) as charges,
       -sum(t.amount_micros) as amount_micros,
       sum(hashtextextended(t.cause || '=' || -t.amount_micros, 0))::text as digest
  from wallet.transactions t
  join wallet.accounts a on a.account_id = t.other_account_id
 where a.kind = 'revenue'
   and exists (select from unnest($1::text[]) as p (prefix) where starts_with(t.cause, p.prefix))
 group by t.customer_id, a.service
