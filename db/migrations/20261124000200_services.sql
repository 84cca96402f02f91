-- migrate:up

-- History is written once. The trigger names the broken rule as a constraint, so that callers can tell.
create function services.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '%.% is append-only', tg_table_schema, tg_table_name
        using errcode = 'check_violation', constraint = tg_table_name || '_append_only';
end $$;

-- What things cost, and since when. One row is one whole catalog. See modules/services/pricebook.go.
create table services.price_book (
    price_book_id  bigint      generated always as identity,
    effective_from timestamptz not null,
    content        jsonb       not null,
    content_sha256 text        not null,
    service_types  text[]      not null,
    loaded_at      timestamptz not null default now(),
    constraint price_book_pkey primary key (price_book_id),
    constraint price_book_content_object check (jsonb_typeof(content) = 'object'),
    constraint price_book_sha256_hex check (content_sha256 ~ '^[0-9a-f]{64}$')
);
create index price_book_effective on services.price_book (effective_from);

create trigger price_book_append_only before update or delete or truncate on services.price_book
    for each statement execute function services.refuse_change();

-- A version that began in the past would change what is already charged. Only the very first may: before it nothing had
-- a price.
create function services.refuse_past_price() returns trigger language plpgsql as $$
begin
    if exists (select from services.price_book)
        and new.effective_from < greatest(now(), (select max(effective_from) from services.price_book)) then
        raise exception 'a price cannot begin in the past'
            using errcode = 'check_violation', constraint = 'price_book_no_past';
    end if;
    return new;
end $$;

create trigger price_book_no_past before insert on services.price_book
    for each row execute function services.refuse_past_price();

-- Every configuration a customer ever saved, with its price as shown then.
create table services.config_versions (
    customer_id    bigint      not null,
    service        text        not null,
    version        int         not null,
    config         jsonb       not null,
    price_lines    jsonb       not null,
    monthly_micros bigint      not null,
    price_book_id  bigint      not null,
    changed_by     text        not null,
    changed_at     timestamptz not null,
    constraint config_versions_pkey primary key (customer_id, service, version),
    constraint config_versions_customer_fkey foreign key (customer_id) references auth.customers (customer_id),
    constraint config_versions_price_book_fkey foreign key (price_book_id) references services.price_book (price_book_id),
    constraint config_versions_from_one check (version >= 1),
    constraint config_versions_config_object check (jsonb_typeof(config) = 'object'),
    constraint config_versions_price_not_negative check (monthly_micros >= 0)
);

create trigger config_versions_append_only before update or delete or truncate on services.config_versions
    for each statement execute function services.refuse_change();

-- Which version is current. Its row is the lock of everything a customer does to one service.
create table services.service_configs (
    customer_id bigint not null,
    service     text   not null,
    version     int    not null,
    constraint service_configs_pkey primary key (customer_id, service),
    constraint service_configs_version_fkey foreign key (customer_id, service, version)
        references services.config_versions (customer_id, service, version)
);

-- When a service was switched on, and off again. The open period is the customer's intent "enabled"; the plan fee
-- accrues over periods, less suspensions.
create table services.enabled_periods (
    period_id   bigint      generated always as identity,
    customer_id bigint      not null,
    service     text        not null,
    enabled_at  timestamptz not null,
    disabled_at timestamptz,
    constraint enabled_periods_pkey primary key (period_id),
    constraint enabled_periods_config_fkey foreign key (customer_id, service)
        references services.service_configs (customer_id, service),
    constraint enabled_periods_forward check (disabled_at >= enabled_at)
);
create unique index enabled_periods_one_open on services.enabled_periods (customer_id, service) where disabled_at is null;

-- Why a customer's services stand still, whatever the customer enabled. Several reasons may hold at once; each ends alone.
create table services.suspensions (
    suspension_id bigint      generated always as identity,
    customer_id   bigint      not null,
    reason        text        not null,
    suspended_at  timestamptz not null,
    resumed_at    timestamptz,
    constraint suspensions_pkey primary key (suspension_id),
    constraint suspensions_customer_fkey foreign key (customer_id) references auth.customers (customer_id),
    constraint suspensions_reason_known check (reason ~ '^[a-z][a-z_]{1,39}$'),
    constraint suspensions_forward check (resumed_at >= suspended_at)
);
create unique index suspensions_one_open on services.suspensions (customer_id, reason) where resumed_at is null;

-- API keys. key_sha256 is lower-case hex of the whole presented key: what HAProxy computes and looks up.
create table services.api_keys (
    key_id      text        not null,
    customer_id bigint      not null,
    service     text        not null,
    name        text        not null,
    prefix      text        not null,
    key_sha256  text        not null,
    created_at  timestamptz not null,
    revoked_at  timestamptz,
    constraint api_keys_pkey primary key (key_id),
    constraint api_keys_config_fkey foreign key (customer_id, service)
        references services.service_configs (customer_id, service),
    constraint api_keys_sha256_once unique (key_sha256),
    constraint api_keys_sha256_hex check (key_sha256 ~ '^[0-9a-f]{64}$'),
    constraint api_keys_id_plain check (key_id ~ '^[0-9A-Za-z]{4,32}$'),
    constraint api_keys_name_length check (char_length(name) between 1 and 60),
    constraint api_keys_revoked_after check (revoked_at >= created_at)
);
create index api_keys_live on services.api_keys (customer_id, service) where revoked_at is null;

-- Raised by everything that changes what HAProxy must know, in the change's own transaction: the edge asks for this one
-- number each half second instead of reading every key. (A sequence would rise before its change is visible.)
create table services.edge_revision (
    only_row boolean not null default true,
    revision bigint  not null,
    constraint edge_revision_pkey primary key (only_row),
    constraint edge_revision_one_row check (only_row)
);
insert into services.edge_revision (revision) values (1);

create function services.raise_edge_revision() returns trigger language plpgsql as $$
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

-- migrate:down
drop table services.api_keys;
drop table services.suspensions;
drop table services.enabled_periods;
drop table services.service_configs;
drop table services.config_versions;
drop table services.price_book;
drop table services.edge_revision;
drop function services.raise_edge_revision();
drop function services.refuse_past_price();
drop function services.refuse_change();
