-- Every key that is not revoked and what decides whether and how much it may, in a fixed order. After each change of a key, a
-- configuration, a switch or a suspension; reads all live keys. Indexes: enabled_periods_one_open, suspensions_one_open.
select
  k.key_sha256,
  k.customer_id,
  k.service,
  k.key_id,
  k.expires_at,
  k.networks,
  coalesce(v.config ->> 'tier', '') as tier,
  coalesce(v.config -> 'burst' = 'true'::jsonb, false) as burst,
  p.period_id is not null as enabled,
  coalesce(s.reasons, '{}') as suspended_for
from services.api_keys k
join services.service_configs c on c.customer_id = k.customer_id and c.service = k.service
join services.config_versions v on v.customer_id = c.customer_id and v.service = c.service and v.version = c.version
left join services.enabled_periods p on p.customer_id = k.customer_id and p.service = k.service and p.disabled_at is null
left join (
  select customer_id, array_agg(reason order by reason) as reasons
  from services.suspensions
  where resumed_at is null
  group by customer_id
) s on s.customer_id = k.customer_id
where k.revoked_at is null
  and k.service = any ($1)
order by k.key_sha256 collate "C"
