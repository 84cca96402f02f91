-- Keeps what stayed below one micro. Runs once per group of customers and run, in the order in which lockCarries takes them. Counts on carries_pkey.
insert into billing.carries (customer_id, service, month, item, per, carry)
select c.customer_id, c.service, c.month, c.item, c.per, c.carry
  from unnest($1::bigint[], $2::text[], $3::date[], $4::text[], $5::bigint[], $6::bigint[]) as c (customer_id, service, month, item, per, carry)
 order by 1, 2, 3, 4, 5
    on conflict (customer_id, service, month, item, per) do update
   set carry = excluded.carry
