-- Writes transactions with their postings, in the order given: one statement for any number of them and of customers.
-- Runs once per group of customers and billing run. Counts on transactions_cause_once; the triggers on both tables see that
-- the lines add up and move the balance.
with fresh as (
    insert into wallet.transactions (cause, kind, customer_id, other_account_id, amount_micros, lines, at)
    select e.cause, e.kind, e.customer_id, e.other_account_id, e.amount_micros, e.lines, e.at
      from unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::smallint[], $7::timestamptz[])
           with ordinality as e (customer_id, cause, kind, other_account_id, amount_micros, lines, at, nth)
     order by e.nth
    returning transaction_id, cause
)
insert into wallet.postings (transaction_id, line, account_id, amount_micros)
select f.transaction_id, l.line, l.account_id, l.amount_micros
  from unnest($8::text[], $9::smallint[], $10::bigint[], $11::bigint[]) as l (cause, line, account_id, amount_micros)
  join fresh f on f.cause = l.cause
