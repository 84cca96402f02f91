-- Every key that may pass the edge, in a fixed order. After each change of a key, a switch or a suspension; reads all live
-- keys. Indexes: enabled_periods_one_open, suspensions_one_open.
select k.key_sha256, k.customer_id, k.service, k.key_id
from services.api_keys k
join services.enabled_periods p on p.customer_id = k.customer_id and p.service = k.service and p.disabled_at is null
where k.revoked_at is null
  and k.service = any ($1)
  and not exists (
    select from services.suspensions s
    where s.customer_id = k.customer_id and s.resumed_at is null
  )
order by k.key_sha256 collate "C"
