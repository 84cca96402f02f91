-- migrate:up

-- The last revision that a customer's own changes raised: an edge that holds this one, or a later one, holds them all.
create table services.edge_changes (
    customer_id bigint not null,
    revision    bigint not null,
    constraint edge_changes_pkey primary key (customer_id),
    constraint edge_changes_customer_fkey foreign key (customer_id) references auth.customers (customer_id)
);

-- For each row now, to know whose change it is. The revision's row is locked first, always: no two changes wait in a circle.
create or replace function services.raise_edge_revision() returns trigger language plpgsql as $$
declare
    raised  bigint;
    changed bigint := case tg_op when 'DELETE' then old.customer_id else new.customer_id end;
begin
    update services.edge_revision set revision = revision + 1 returning revision into raised;
    insert into services.edge_changes (customer_id, revision)
    values (changed, raised)
    on conflict (customer_id) do update set revision = excluded.revision;
    return null;
end $$;

drop trigger api_keys_edge on services.api_keys;
drop trigger enabled_periods_edge on services.enabled_periods;
drop trigger suspensions_edge on services.suspensions;
create trigger api_keys_edge after insert or update or delete on services.api_keys
    for each row execute function services.raise_edge_revision();
create trigger enabled_periods_edge after insert or update or delete on services.enabled_periods
    for each row execute function services.raise_edge_revision();
create trigger suspensions_edge after insert or update or delete on services.suspensions
    for each row execute function services.raise_edge_revision();

-- What each HAProxy said it holds, and when it was last heard of. One row for each HAProxy.
create table services.edge_acks (
    edge            text        not null,
    version         text        not null,
    revision        bigint      not null,
    haproxy_version text        not null,
    applied_at      timestamptz not null,
    seen_at         timestamptz not null,
    constraint edge_acks_pkey primary key (edge)
);

-- migrate:down
drop table services.edge_acks;
drop trigger api_keys_edge on services.api_keys;
drop trigger enabled_periods_edge on services.enabled_periods;
drop trigger suspensions_edge on services.suspensions;
create or replace function services.raise_edge_revision() returns trigger language plpgsql as $$
begin
    update services.edge_revision set revision = revision + 1;
    return null;
end $$;
create trigger api_keys_edge after insert or update or delete on services.api_keys
    for each statement execute function services.raise_edge_revision();
create trigger enabled_periods_edge after insert or update or delete on services.enabled_periods
    for each statement execute function services.raise_edge_revision();
create trigger suspensions_edge after insert or update or delete on services.suspensions
    for each statement execute function services.raise_edge_revision();
drop table services.edge_changes;
