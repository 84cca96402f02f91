-- A customer's current configurations, or the one of service $2 when that is not empty: a handful of rows for every services
-- page, save and switch. Keys are those that work at $3; one that was rotated counts with the key that came instead, as long as
-- that works. Indexes: service_configs_pkey, api_keys_live.
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
      and (k.expires_at is null or k.expires_at > $3)
      and not exists (
        select from services.api_keys n
        where n.key_id = k.replaced_by and n.revoked_at is null and (n.expires_at is null or n.expires_at > $3)
      )
  ) as keys
from services.service_configs c
join services.config_versions v on v.customer_id = c.customer_id and v.service = c.service and v.version = c.version
where c.customer_id = $1
  and ($2 = '' or c.service = $2)
