-- Transactions whose lines are missing, do not add up to zero, or move a customer by another amount than they say.
-- Runs by doctor and by the hourly check. Reads the whole ledger once.
select format('transaction %s (%s): %s of %s lines, sum %s, customer %s of %s',
              t.transaction_id, t.cause, coalesce(p.lines, 0), t.lines, coalesce(p.total, 0), coalesce(p.own, 0), t.amount_micros)
  from wallet.transactions t
  left join (select p.transaction_id,
                    count(*) as lines,
                    sum(p.amount_micros) as total,
                    coalesce(sum(p.amount_micros) filter (where a.customer_id is not null), 0) as own
               from wallet.postings p
               join wallet.accounts a on a.account_id = p.account_id
              group by p.transaction_id) p on p.transaction_id = t.transaction_id
 where p.lines is distinct from t.lines
    or p.total is distinct from 0
    or p.own is distinct from t.amount_micros
 order by t.transaction_id
 limit 20
