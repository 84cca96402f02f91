-- The current configuration of one service, its row locked: what a customer does to one service happens one after the
-- other. On every save, switch and new API key. Index: service_configs_pkey.
select
  c.service,
  c.version,
  v.config,
  v.price_lines,
  v.monthly_micros,
  v.price_book_id,
  v.changed_by,
  v.changed_at,
  exists (
    select from services.enabled_periods p
    where p.customer_id = c.customer_id and p.service = c.service and p.disabled_at is null
  ) as enabled,
  (
    select count(*) from services.api_keys k
    where k.customer_id = c.customer_id and k.service = c.service and k.revoked_at is null
  ) as keys
from services.service_configs c
join services.config_versions v on v.customer_id = c.customer_id and v.service = c.service and v.version = c.version
where c.customer_id = $1 and c.service = $2
for update of c
