-- migrate:up

-- expires_at ends a key by itself; of a key that was rotated it is the end of the overlap, and replaced_by the key that came
-- instead. networks is from where the key may be used; empty: from anywhere.
alter table services.api_keys
    add column expires_at timestamptz,
    add column replaced_by text,
    add column networks cidr[] not null default '{}',
    add constraint api_keys_expires_after check (expires_at >= created_at),
    add constraint api_keys_replaced_fkey foreign key (replaced_by) references services.api_keys (key_id),
    add constraint api_keys_replaced_expires check (replaced_by is null or expires_at is not null),
    add constraint api_keys_replaced_once unique (replaced_by),
    add constraint api_keys_networks_few check (cardinality(networks) <= 100);

-- migrate:down
alter table services.api_keys
    drop column networks,
    drop column replaced_by,
    drop column expires_at;
