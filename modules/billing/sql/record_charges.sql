-- Writes charges and the new state of their hours. Runs once per group of customers and run. Counts on charges_once: a second run
-- with the same revision fails here, and its transaction with it.
with fresh as (
    select *
      from unnest($1::bigint[], $4::text[], $5::timestamptz[], $6::int[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[],
                  $12::bigint[], $13::bigint[], $14::text[], $15::bigint[], $16::bigint[], $17::bigint[], $18::bigint[], $19::date[])
           as c (customer_id, service, hour, revision, requests, billable, bytes, requests_micros, bandwidth_micros,
                 amount_micros, price_book, cause, total_requests, total_billable, total_bytes, total_amount, late_in)
), charged as (
    insert into billing.charges (customer_id, run_id, at, service, hour, revision, requests, billable, bytes, requests_micros,
                                 bandwidth_micros, amount_micros, price_book, cause, late_in)
    select customer_id, $2, $3::timestamptz, service, hour, revision, requests, billable, bytes, requests_micros,
           bandwidth_micros, amount_micros, price_book, cause, late_in
      from fresh
)
insert into billing.usage_metrics as m (customer_id, service, period, total_requests, billable, total_bandwidth, amount_charged, revision)
select customer_id, service, hour, total_requests, total_billable, total_bytes, total_amount, revision
  from fresh
    on conflict (customer_id, period, service) do update
   set total_requests = excluded.total_requests,
       billable = excluded.billable,
       total_bandwidth = excluded.total_bandwidth,
       amount_charged = excluded.amount_charged,
       revision = excluded.revision,
       changed_at = now()
