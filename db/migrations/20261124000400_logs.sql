-- migrate:up

-- One intake of lines. Written in the transaction that writes its rows, so (source, position) makes a re-sent batch a
-- no-op. The meter and the billing run mark batches, never rows.
create table logs.batches (
    batch_id     bigint      generated always as identity,
    source       text        not null,
    position     bigint      not null,
    received_at  timestamptz not null default now(),
    lines        int         not null,
    stored       int         not null,
    duplicates   int         not null,
    rejected     int         not null,
    quarantined  int         not null,
    unattributed int         not null,
    first_at     timestamptz,
    last_at      timestamptz,
    metered_run  bigint,
    billed_run   bigint,
    constraint batches_pkey primary key (batch_id),
    constraint batches_once unique (source, position),
    constraint batches_every_line check (lines = stored + duplicates + rejected + quarantined),
    constraint batches_counts check (least(stored, duplicates, rejected, quarantined, unattributed) >= 0 and unattributed <= stored),
    constraint batches_span check ((first_at is null) = (last_at is null) and first_at <= last_at and (stored = 0 or first_at is not null)),
    constraint batches_metered_first check (billed_run is null or metered_run is not null)
);
create index batches_unmetered on logs.batches (batch_id) where metered_run is null;
create index batches_unbilled on logs.batches (batch_id) where billed_run is null and metered_run is not null;
create index batches_received on logs.batches (received_at);

-- A request as HAProxy logged it. customer_id 0 is nobody: kept, never billed, with what the line claimed.
-- billable and reached are decided at intake: totals rebuilt later must come out equal whatever the setting is by then.
create table logs.haproxy_logs (
    timestamp      timestamptz not null,
    batch_id       bigint      not null,
    customer_id    bigint      not null,
    bytes_sent     bigint      not null,
    bytes_received bigint      not null,
    duration_ms    int         not null,
    status         smallint    not null,
    billable       boolean     not null,
    reached        boolean     not null,
    rid            uuid        not null,
    client_ip      inet,
    service        text        not null,
    key_id         text        not null,
    method         text        not null,
    path           text        not null,
    backend        text        not null,
    server         text        not null,
    termination    text        not null,
    claimed        text,
    constraint haproxy_logs_once unique (timestamp, rid),
    constraint haproxy_logs_sizes check (bytes_sent >= 0 and bytes_received >= 0 and duration_ms >= -1),
    constraint haproxy_logs_attributed check ((customer_id = 0) = (claimed is not null))
) partition by range (timestamp);
-- A plain btree deduplicates to about 7 bytes a row; BRIN ranges not yet summarised made the meter nine times slower.
create index haproxy_logs_batch on logs.haproxy_logs (batch_id);
create index haproxy_logs_customer on logs.haproxy_logs (customer_id, timestamp);

-- Rows too far in the future or the past to be metered; parsed, so that they can be driven again as they are.
create table logs.quarantine (
    like logs.haproxy_logs,
    reason  text        not null,
    held_at timestamptz not null default now(),
    constraint quarantine_once unique (timestamp, rid),
    constraint quarantine_reason_known check (reason in ('future', 'old'))
);
create index quarantine_held on logs.quarantine (held_at);

-- Lines that could not be read, cut before their query string.
create table logs.rejects (
    rid         uuid        not null,
    batch_id    bigint      not null,
    line_number int         not null,
    reason      text        not null,
    line        text        not null,
    rejected_at timestamptz not null default now(),
    constraint rejects_pkey primary key (rid)
);
create index rejects_batch on logs.rejects (batch_id);
create index rejects_at on logs.rejects (rejected_at);

create table logs.meter_runs (
    run_id     bigint      generated always as identity,
    metered_at timestamptz not null default now(),
    batches    int         not null,
    lines      bigint      not null,
    constraint meter_runs_pkey primary key (run_id)
);

-- The metered total of an hour. revision rises with every change; billed_revision is the one billing charged.
-- fillfactor leaves room so that the meter's updates stay on the page; unbilled, not revision, is in the index, so that
-- an hour that stays unbilled is updated without touching it.
create table logs.usage_hours (
    customer_id     bigint      not null,
    service         text        not null,
    hour            timestamptz not null,
    requests        bigint      not null,
    billable        bigint      not null,
    bytes           bigint      not null,
    revision        bigint      not null,
    billed_revision bigint      not null default 0,
    unbilled        boolean     not null generated always as (customer_id <> 0 and billed_revision <> revision) stored,
    constraint usage_hours_pkey primary key (customer_id, service, hour),
    constraint usage_hours_counts check (billable between 0 and requests and bytes >= 0),
    constraint usage_hours_revisions check (billed_revision between 0 and revision),
    constraint usage_hours_whole check (extract(epoch from hour)::bigint % 3600 = 0)
) with (fillfactor = 70);
create index usage_hours_unbilled on logs.usage_hours (customer_id, service, hour) where unbilled;
create index usage_hours_open on logs.usage_hours (hour) where unbilled;

-- Charts. status_4xx counts 429 too; took_N holds requests of more than the bound before it up to N ms, and those HAProxy
-- could not time are in none. bytes is what is billed: rows that reached a backend.
create table logs.rollup_minutes (
    customer_id     bigint      not null,
    service         text        not null,
    bucket          timestamptz not null,
    requests        bigint      not null,
    billable        bigint      not null,
    bytes           bigint      not null,
    status_2xx      bigint      not null,
    status_3xx      bigint      not null,
    status_4xx      bigint      not null,
    status_429      bigint      not null,
    status_5xx      bigint      not null,
    status_other    bigint      not null,
    duration_sum_ms bigint      not null,
    took_5          bigint      not null,
    took_10         bigint      not null,
    took_25         bigint      not null,
    took_50         bigint      not null,
    took_100        bigint      not null,
    took_250        bigint      not null,
    took_500        bigint      not null,
    took_1000       bigint      not null,
    took_2500       bigint      not null,
    took_5000       bigint      not null,
    took_10000      bigint      not null,
    took_more       bigint      not null,
    constraint rollup_minutes_pkey primary key (customer_id, bucket, service),
    constraint rollup_minutes_classes check (requests = status_2xx + status_3xx + status_4xx + status_5xx + status_other and status_429 <= status_4xx)
) with (fillfactor = 70);
create table logs.rollup_hours (
    like logs.rollup_minutes including storage,
    constraint rollup_hours_pkey primary key (customer_id, bucket, service),
    constraint rollup_hours_classes check (requests = status_2xx + status_3xx + status_4xx + status_5xx + status_other and status_429 <= status_4xx)
) with (fillfactor = 70);

-- Makes the partition of one UTC day. Attaching locks the table weakly: writers and readers go on, where "create table
-- partition of" would stop them all. Two replicas may ask for the same day: the lock lets one make it.
create function logs.make_partition(day date) returns boolean language plpgsql as $$
declare
    part text := 'haproxy_logs_' || to_char(day, 'YYYYMMDD');
begin
    if to_regclass('logs.' || part) is not null then
        return false;
    end if;
    perform pg_advisory_xact_lock(hashtextextended('logs.make_partition', 0));
    -- Not to_regclass again: the session has cached that there is no such table, and waiting for the lock does not refresh that.
    if exists (select from pg_catalog.pg_class where relname = part and relnamespace = 'logs'::regnamespace) then
        return false;
    end if;
    execute format('create table logs.%I (like logs.haproxy_logs including all)', part);
    execute format('alter table logs.haproxy_logs attach partition logs.%I for values from (%L) to (%L)',
        part, day::timestamp at time zone 'UTC', (day + 1)::timestamp at time zone 'UTC');
    return true;
end $$;

-- Drops the partitions of days before keep_from; one that an unmetered batch still overlaps stays.
create function logs.drop_partitions(keep_from date) returns int language plpgsql as $$
declare
    part record;
    dropped int := 0;
begin
    perform pg_advisory_xact_lock(hashtextextended('logs.make_partition', 0));
    for part in
        select c.relname as name, to_date(right(c.relname, 8), 'YYYYMMDD') as day
        from pg_catalog.pg_inherits i
        join pg_catalog.pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'logs.haproxy_logs'::regclass
        order by c.relname
    loop
        continue when part.day >= keep_from;
        continue when exists (
            select from logs.batches
            where metered_run is null
            and first_at < (part.day + 1)::timestamp at time zone 'UTC'
            and last_at >= part.day::timestamp at time zone 'UTC');
        execute format('drop table logs.%I', part.name);
        dropped := dropped + 1;
    end loop;
    return dropped;
end $$;

-- migrate:down
drop function logs.drop_partitions(date);
drop function logs.make_partition(date);
drop table logs.rollup_hours;
drop table logs.rollup_minutes;
drop table logs.usage_hours;
drop table logs.meter_runs;
drop table logs.rejects;
drop table logs.quarantine;
drop table logs.haproxy_logs;
drop table logs.batches;
