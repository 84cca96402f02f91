-- Writes plan fees and how far they are posted now. Runs once per group of customers and run. Counts on fees_once: a second
-- run with the same revision fails here, and its transaction with it.
with fresh as (
    select *
      from unnest($1::bigint[], $4::text[], $5::date[], $6::int[], $7::timestamptz[], $8::timestamptz[], $9::bigint[], $10::bigint[],
                  $11::bigint[], $12::text[], $13::date[])
           as f (customer_id, service, month, revision, hour, through, seconds, amount_micros, total_micros, cause, late_in)
), posted as (
    insert into billing.fees (customer_id, run_id, at, service, month, revision, hour, seconds, amount_micros, total_micros, cause, late_in)
    select customer_id, $2, $3::timestamptz, service, month, revision, hour, seconds, amount_micros, total_micros, cause, late_in
      from fresh
)
insert into billing.accruals (customer_id, service, month, through, posted_micros, revision)
select customer_id, service, month, through, total_micros, revision
  from fresh
    on conflict (customer_id, month, service) do update
   set through = excluded.through,
       posted_micros = excluded.posted_micros,
       revision = excluded.revision
