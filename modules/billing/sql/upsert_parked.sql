-- Sets a customer aside. Runs per failing customer and run. Another reason is a new finding: an approval does not cover it.
insert into billing.parked as p (customer_id, reason, detail, review, since, run_id)
values ($1, $2, $3, $4, $5, $6)
    on conflict (customer_id) do update
   set reason = excluded.reason,
       detail = excluded.detail,
       review = excluded.review,
       run_id = excluded.run_id,
       tries = p.tries + 1,
       approved_at = null
