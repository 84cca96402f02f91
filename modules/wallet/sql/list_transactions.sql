-- A page of a customer's transactions, newest first. Runs per page view. Counts on transactions_customer.
select t.transaction_id,
       t.kind,
       a.kind as other_kind,
       a.service,
       t.amount_micros,
       t.cause,
       t.at
  from wallet.transactions t
  join wallet.accounts a on a.account_id = t.other_account_id
 where t.customer_id = $1
   and t.transaction_id < $2
 order by t.transaction_id desc
 limit $3
