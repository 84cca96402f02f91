-- Balances that differ from the sum of their postings: the projection, rebuilt and compared.
-- Runs by doctor and by the hourly check. Reads the whole ledger once.
select format('customer %s: available %s, reserved %s, receivable %s; the postings say %s, %s, %s',
              coalesce(b.customer_id, p.customer_id),
              b.available_micros, b.reserved_micros, b.receivable_micros, p.available, p.reserved, p.receivable)
  from wallet.balances b
  full join (select a.customer_id,
                    coalesce(sum(p.amount_micros) filter (where a.kind = 'available'), 0) as available,
                    coalesce(sum(p.amount_micros) filter (where a.kind = 'reserved'), 0) as reserved,
                    -coalesce(sum(p.amount_micros) filter (where a.kind = 'receivable'), 0) as receivable
               from wallet.accounts a
               left join wallet.postings p on p.account_id = a.account_id
              where a.customer_id is not null
              group by a.customer_id) p on p.customer_id = b.customer_id
 where b.available_micros is distinct from p.available
    or b.reserved_micros is distinct from p.reserved
    or b.receivable_micros is distinct from p.receivable
 order by 1
 limit 20
