-- Keeps what stayed below one micro. Runs once per customer and run. Counts on carries_pkey.
insert into billing.carries (customer_id, service, month, item, per, carry)
select $1, c.service, c.month, c.item, c.per, c.carry
  from unnest($2::text[], $3::date[], $4::text[], $5::bigint[], $6::bigint[]) as c (service, month, item, per, carry)
    on conflict (customer_id, service, month, item, per) do update
   set carry = excluded.carry
