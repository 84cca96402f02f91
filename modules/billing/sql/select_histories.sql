-- The median hour and the number of hours of some customers' services before an hour, in the order asked. Runs per group of
-- customers with an hour above the safety floor. Counts on usage_metrics_pkey.
select coalesce(p.median, 0) as median,
       p.hours
  from unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::timestamptz[])
       with ordinality as c (customer_id, service, since, until, nth)
 cross join lateral (select percentile_disc(0.5) within group (order by m.amount_charged) as median,
                            count(*) as hours
                       from billing.usage_metrics m
                      where m.customer_id = c.customer_id
                        and m.service = c.service
                        and m.period >= c.since
                        and m.period < c.until
                        and m.amount_charged > 0) p
 order by c.nth
