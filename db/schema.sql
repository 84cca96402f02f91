CREATE SCHEMA auth;
CREATE SCHEMA billing;
CREATE SCHEMA logs;
CREATE SCHEMA ops;
CREATE SCHEMA services;
CREATE SCHEMA wallet;
CREATE FUNCTION auth.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    raise exception 'auth.% is append-only: what was signed stays as it was signed', tg_table_name
        using errcode = 'integrity_constraint_violation', constraint = tg_table_name || '_append_only';
end $$;
CREATE FUNCTION billing.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    raise exception 'billing.% is append-only: a correction is a new charge', tg_table_name
        using errcode = 'integrity_constraint_violation', constraint = tg_table_name || '_append_only';
end $$;
CREATE FUNCTION logs.admit_reader() RETURNS boolean
    LANGUAGE plpgsql
    AS $$
begin
    perform pg_advisory_xact_lock(hashtextextended('logs.admit_reader', 0));
    if not exists (select from pg_catalog.pg_roles where rolname = 'suiftly_logs_reader') then
        begin
            create role suiftly_logs_reader nologin;
        exception when duplicate_object or unique_violation then -- from another database, at the same time
            null;
        end;
    end if;
    if not pg_has_role(current_user, 'suiftly_logs_reader', 'member') then
        begin
            execute format('grant suiftly_logs_reader to %I', current_user);
        exception when duplicate_object or unique_violation then
            null;
        end;
    end if;
    if not has_schema_privilege('suiftly_logs_reader', 'logs', 'usage') then
        grant usage on schema logs to suiftly_logs_reader;
    end if;
    if not has_table_privilege('suiftly_logs_reader', 'logs.own_requests', 'select')
    or not has_table_privilege('suiftly_logs_reader', 'logs.own_minutes', 'select')
    or not has_table_privilege('suiftly_logs_reader', 'logs.own_hours', 'select') then
        grant select on logs.own_requests, logs.own_minutes, logs.own_hours to suiftly_logs_reader;
    end if;
    return true;
exception when insufficient_privilege then
    return false;
end $$;
CREATE FUNCTION logs.drop_partitions(keep_from date) RETURNS integer
    LANGUAGE plpgsql
    AS $$
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
CREATE FUNCTION logs.make_partition(day date) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
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
CREATE FUNCTION services.raise_edge_revision() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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
CREATE FUNCTION services.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    raise exception '%.% is append-only', tg_table_schema, tg_table_name
        using errcode = 'check_violation', constraint = tg_table_name || '_append_only';
end $$;
CREATE FUNCTION services.refuse_past_price() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if exists (select from services.price_book)
        and new.effective_from < greatest(now(), (select max(effective_from) from services.price_book)) then
        raise exception 'a price cannot begin in the past'
            using errcode = 'check_violation', constraint = 'price_book_no_past';
    end if;
    return new;
end $$;
CREATE FUNCTION wallet.apply_postings() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
declare
    d record;
begin
    if exists (select 1
                 from fresh f
                where f.line > (select t.lines from wallet.transactions t where t.transaction_id = f.transaction_id)) then
        raise exception 'a transaction takes no more lines than it declared'
            using errcode = 'check_violation', constraint = 'postings_within_lines';
    end if;
    for d in
        select a.customer_id,
               coalesce(sum(f.amount_micros) filter (where a.kind = 'available'), 0)::bigint as available,
               coalesce(sum(f.amount_micros) filter (where a.kind = 'reserved'), 0)::bigint as reserved,
               coalesce(sum(f.amount_micros) filter (where a.kind = 'receivable'), 0)::bigint as receivable
          from fresh f
         cross join lateral (select c.customer_id, c.kind from wallet.accounts c where c.account_id = f.account_id offset 0) a
         where a.customer_id is not null
         group by a.customer_id
         order by a.customer_id
    loop
        update wallet.balances
           set available_micros = available_micros + d.available,
               reserved_micros = reserved_micros + d.reserved,
               receivable_micros = receivable_micros - d.receivable,
               changed_at = now()
         where customer_id = d.customer_id;
    end loop;
    return null;
end $$;
CREATE FUNCTION wallet.check_transaction() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
declare
    found_lines  bigint;
    total        numeric;
    own          numeric;
    strangers    bigint;
    others       bigint;
begin
    select count(*),
           coalesce(sum(p.amount_micros), 0),
           coalesce(sum(p.amount_micros) filter (where a.customer_id is not null), 0),
           count(*) filter (where a.customer_id <> new.customer_id),
           count(*) filter (where p.account_id = new.other_account_id)
      into found_lines, total, own, strangers, others
      from wallet.postings p
     cross join lateral (select c.customer_id from wallet.accounts c where c.account_id = p.account_id offset 0) a
     where p.transaction_id = new.transaction_id;
    if found_lines <> new.lines or total <> 0 or own <> new.amount_micros or strangers <> 0 or others <> 1 then
        raise exception 'transaction % does not balance: % of % lines, sum %, customer % of %, % lines of other customers, % on the other account',
            new.cause, found_lines, new.lines, total, own, new.amount_micros, strangers, others
            using errcode = 'check_violation', constraint = 'transactions_balanced';
    end if;
    return null;
end $$;
CREATE FUNCTION wallet.open_balance() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    insert into wallet.balances (customer_id) values (new.customer_id) on conflict do nothing;
    return null;
end $$;
CREATE FUNCTION wallet.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    raise exception 'wallet.% is append-only: post a correcting transaction instead', tg_table_name
        using errcode = 'integrity_constraint_violation', constraint = tg_table_name || '_append_only';
end $$;
CREATE FUNCTION wallet.refuse_direct_balance() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if pg_trigger_depth() < 2 then
        raise exception 'wallet.balances follows the postings: post a transaction instead'
            using errcode = 'integrity_constraint_violation', constraint = 'balances_follow_postings';
    end if;
    return null;
end $$;
CREATE TABLE auth.approval_challenges (
    challenge_id uuid NOT NULL,
    customer_id bigint NOT NULL,
    purpose text NOT NULL,
    change_sha256 bytea NOT NULL,
    message_sha256 bytea NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL
);
CREATE TABLE auth.challenges (
    challenge_id uuid DEFAULT gen_random_uuid() NOT NULL,
    address text NOT NULL,
    message_sha256 bytea NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    preauth_sha256 bytea NOT NULL,
    CONSTRAINT challenges_address_normal CHECK ((address ~ '^0x[0-9a-f]{64}$'::text))
);
CREATE TABLE auth.customers (
    customer_id bigint NOT NULL,
    address text NOT NULL,
    status text DEFAULT 'active'::text NOT NULL,
    suspended_reason text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    name text DEFAULT ''::text NOT NULL,
    email text DEFAULT ''::text NOT NULL,
    email_verified_at timestamp with time zone,
    preferences jsonb DEFAULT '{}'::jsonb NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    CONSTRAINT customers_address_normal CHECK ((address ~ '^0x[0-9a-f]{64}$'::text)),
    CONSTRAINT customers_email_short CHECK ((length(email) <= 254)),
    CONSTRAINT customers_name_short CHECK ((length(name) <= 100)),
    CONSTRAINT customers_status_known CHECK ((status = ANY (ARRAY['active'::text, 'suspended'::text, 'closed'::text]))),
    CONSTRAINT customers_suspended_has_reason CHECK (((status = 'suspended'::text) = (suspended_reason IS NOT NULL))),
    CONSTRAINT customers_verified_has_email CHECK (((email_verified_at IS NULL) OR (email <> ''::text)))
);
ALTER TABLE auth.customers ALTER COLUMN customer_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME auth.customers_customer_id_seq
    START WITH 1001
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE auth.email_links (
    token_sha256 bytea NOT NULL,
    customer_id bigint NOT NULL,
    email text NOT NULL,
    expires_at timestamp with time zone NOT NULL
);
CREATE TABLE auth.evidence (
    evidence_id bigint NOT NULL,
    challenge_id uuid NOT NULL,
    customer_id bigint NOT NULL,
    address text NOT NULL,
    session_id uuid NOT NULL,
    purpose text NOT NULL,
    message text NOT NULL,
    signature text NOT NULL,
    scheme text NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    approved_at timestamp with time zone NOT NULL,
    CONSTRAINT evidence_address_normal CHECK ((address ~ '^0x[0-9a-f]{64}$'::text)),
    CONSTRAINT evidence_scheme_known CHECK ((scheme = ANY (ARRAY['ed25519'::text, 'secp256k1'::text, 'secp256r1'::text, 'multisig'::text, 'zklogin'::text, 'passkey'::text])))
);
ALTER TABLE auth.evidence ALTER COLUMN evidence_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME auth.evidence_evidence_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE auth.refresh_tokens (
    token_sha256 bytea NOT NULL,
    session_id uuid NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    rotated_at timestamp with time zone
);
CREATE TABLE auth.sessions (
    session_id uuid DEFAULT gen_random_uuid() NOT NULL,
    customer_id bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    user_agent text DEFAULT ''::text NOT NULL,
    ip_prefix text DEFAULT ''::text NOT NULL,
    revoked_at timestamp with time zone,
    revoked_why text,
    CONSTRAINT sessions_revoked_has_reason CHECK (((revoked_at IS NULL) = (revoked_why IS NULL)))
);
CREATE TABLE billing.accounts (
    customer_id bigint NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    open_month date DEFAULT '-infinity'::date NOT NULL,
    CONSTRAINT accounts_open_month_is_a_month CHECK (((open_month = '-infinity'::date) OR (EXTRACT(day FROM open_month) = (1)::numeric)))
);
CREATE TABLE billing.accruals (
    customer_id bigint NOT NULL,
    service text NOT NULL,
    month date NOT NULL,
    through timestamp with time zone NOT NULL,
    posted_micros bigint NOT NULL,
    revision integer NOT NULL,
    CONSTRAINT accruals_month_is_a_month CHECK ((EXTRACT(day FROM month) = (1)::numeric)),
    CONSTRAINT accruals_not_negative CHECK ((posted_micros >= 0)),
    CONSTRAINT accruals_revision_positive CHECK ((revision >= 1))
);
CREATE TABLE billing.carries (
    customer_id bigint NOT NULL,
    service text NOT NULL,
    month date NOT NULL,
    item text NOT NULL,
    per bigint NOT NULL,
    carry bigint NOT NULL,
    CONSTRAINT carries_below_one_micro CHECK (((per > 0) AND (carry >= 0) AND (carry < per))),
    CONSTRAINT carries_item_known CHECK ((item = ANY (ARRAY['requests'::text, 'bandwidth'::text])))
);
CREATE TABLE billing.charges (
    charge_id bigint NOT NULL,
    customer_id bigint NOT NULL,
    service text NOT NULL,
    hour timestamp with time zone NOT NULL,
    revision integer NOT NULL,
    requests bigint NOT NULL,
    billable bigint NOT NULL,
    bytes bigint NOT NULL,
    requests_micros bigint NOT NULL,
    bandwidth_micros bigint NOT NULL,
    amount_micros bigint NOT NULL,
    price_book bigint NOT NULL,
    cause text NOT NULL,
    run_id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    late_in date,
    CONSTRAINT charges_amount_is_its_parts CHECK ((amount_micros = (requests_micros + bandwidth_micros))),
    CONSTRAINT charges_hour_is_an_hour CHECK ((date_trunc('hour'::text, hour, 'UTC'::text) = hour)),
    CONSTRAINT charges_revision_positive CHECK ((revision >= 1))
);
ALTER TABLE billing.charges ALTER COLUMN charge_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME billing.charges_charge_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE billing.fees (
    fee_id bigint NOT NULL,
    customer_id bigint NOT NULL,
    service text NOT NULL,
    month date NOT NULL,
    revision integer NOT NULL,
    hour timestamp with time zone NOT NULL,
    seconds bigint NOT NULL,
    amount_micros bigint NOT NULL,
    total_micros bigint NOT NULL,
    cause text NOT NULL,
    late_in date,
    run_id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT fees_hour_is_an_hour CHECK ((date_trunc('hour'::text, hour, 'UTC'::text) = hour)),
    CONSTRAINT fees_late_after_its_month CHECK ((late_in > month)),
    CONSTRAINT fees_not_nothing CHECK ((amount_micros <> 0))
);
ALTER TABLE billing.fees ALTER COLUMN fee_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME billing.fees_fee_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE billing.parked (
    customer_id bigint NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL,
    review boolean NOT NULL,
    since timestamp with time zone NOT NULL,
    tries integer DEFAULT 1 NOT NULL,
    run_id bigint NOT NULL,
    approved_at timestamp with time zone,
    CONSTRAINT parked_approved_was_in_review CHECK (((approved_at IS NULL) OR review))
);
CREATE TABLE billing.runs (
    run_id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    epoch bigint NOT NULL,
    replica text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    state text DEFAULT 'running'::text NOT NULL,
    customers bigint DEFAULT 0 NOT NULL,
    parked bigint DEFAULT 0 NOT NULL,
    hours bigint DEFAULT 0 NOT NULL,
    charges bigint DEFAULT 0 NOT NULL,
    amount_micros bigint DEFAULT 0 NOT NULL,
    error text DEFAULT ''::text NOT NULL,
    fees bigint DEFAULT 0 NOT NULL,
    CONSTRAINT runs_finished CHECK (((state = 'running'::text) = (finished_at IS NULL))),
    CONSTRAINT runs_state_known CHECK ((state = ANY (ARRAY['running'::text, 'done'::text, 'partial'::text, 'failed'::text, 'abandoned'::text])))
);
ALTER TABLE billing.runs ALTER COLUMN run_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME billing.runs_run_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE billing.usage_metrics (
    customer_id bigint NOT NULL,
    service text NOT NULL,
    period timestamp with time zone NOT NULL,
    total_requests bigint NOT NULL,
    billable bigint NOT NULL,
    total_bandwidth bigint NOT NULL,
    amount_charged bigint NOT NULL,
    revision integer NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT usage_metrics_counts_not_negative CHECK (((total_requests >= 0) AND (billable >= 0) AND (billable <= total_requests) AND (total_bandwidth >= 0))),
    CONSTRAINT usage_metrics_period_is_an_hour CHECK ((date_trunc('hour'::text, period, 'UTC'::text) = period)),
    CONSTRAINT usage_metrics_revision_positive CHECK ((revision >= 1))
);
CREATE TABLE logs.batches (
    batch_id bigint NOT NULL,
    source text NOT NULL,
    "position" bigint NOT NULL,
    received_at timestamp with time zone DEFAULT now() NOT NULL,
    lines integer NOT NULL,
    stored integer NOT NULL,
    duplicates integer NOT NULL,
    rejected integer NOT NULL,
    quarantined integer NOT NULL,
    unattributed integer NOT NULL,
    first_at timestamp with time zone,
    last_at timestamp with time zone,
    metered_run bigint,
    billed_run bigint,
    written_by xid8 DEFAULT pg_current_xact_id(),
    CONSTRAINT batches_counts CHECK (((LEAST(stored, duplicates, rejected, quarantined, unattributed) >= 0) AND (unattributed <= stored))),
    CONSTRAINT batches_every_line CHECK ((lines = (((stored + duplicates) + rejected) + quarantined))),
    CONSTRAINT batches_metered_first CHECK (((billed_run IS NULL) OR (metered_run IS NOT NULL))),
    CONSTRAINT batches_span CHECK ((((first_at IS NULL) = (last_at IS NULL)) AND (first_at <= last_at) AND ((stored = 0) OR (first_at IS NOT NULL))))
);
ALTER TABLE logs.batches ALTER COLUMN batch_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME logs.batches_batch_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE logs.haproxy_logs (
    "timestamp" timestamp with time zone NOT NULL,
    batch_id bigint NOT NULL,
    customer_id bigint NOT NULL,
    bytes_sent bigint NOT NULL,
    bytes_received bigint NOT NULL,
    duration_ms integer NOT NULL,
    status smallint NOT NULL,
    billable boolean NOT NULL,
    reached boolean NOT NULL,
    rid uuid NOT NULL,
    client_ip inet,
    service text NOT NULL,
    key_id text NOT NULL,
    method text NOT NULL,
    path text NOT NULL,
    backend text NOT NULL,
    server text NOT NULL,
    termination text NOT NULL,
    claimed text,
    CONSTRAINT haproxy_logs_attributed CHECK (((customer_id = 0) = (claimed IS NOT NULL))),
    CONSTRAINT haproxy_logs_sizes CHECK (((bytes_sent >= 0) AND (bytes_received >= 0) AND (duration_ms >= '-1'::integer)))
)
PARTITION BY RANGE ("timestamp");
CREATE TABLE logs.meter_runs (
    run_id bigint NOT NULL,
    metered_at timestamp with time zone DEFAULT now() NOT NULL,
    batches integer NOT NULL,
    lines bigint NOT NULL
);
ALTER TABLE logs.meter_runs ALTER COLUMN run_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME logs.meter_runs_run_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE logs.rollup_hours (
    customer_id bigint NOT NULL,
    service text NOT NULL,
    bucket timestamp with time zone NOT NULL,
    requests bigint NOT NULL,
    billable bigint NOT NULL,
    bytes bigint NOT NULL,
    status_2xx bigint NOT NULL,
    status_3xx bigint NOT NULL,
    status_4xx bigint NOT NULL,
    status_429 bigint NOT NULL,
    status_5xx bigint NOT NULL,
    status_other bigint NOT NULL,
    duration_sum_ms bigint NOT NULL,
    took_5 bigint NOT NULL,
    took_10 bigint NOT NULL,
    took_25 bigint NOT NULL,
    took_50 bigint NOT NULL,
    took_100 bigint NOT NULL,
    took_250 bigint NOT NULL,
    took_500 bigint NOT NULL,
    took_1000 bigint NOT NULL,
    took_2500 bigint NOT NULL,
    took_5000 bigint NOT NULL,
    took_10000 bigint NOT NULL,
    took_more bigint NOT NULL,
    CONSTRAINT rollup_hours_classes CHECK (((requests = ((((status_2xx + status_3xx) + status_4xx) + status_5xx) + status_other)) AND (status_429 <= status_4xx)))
)
WITH (fillfactor='70');
CREATE VIEW logs.own_hours WITH (security_barrier='true') AS
 SELECT rollup_hours.service,
    rollup_hours.bucket,
    rollup_hours.requests,
    rollup_hours.billable,
    rollup_hours.bytes,
    rollup_hours.status_2xx,
    rollup_hours.status_3xx,
    rollup_hours.status_4xx,
    rollup_hours.status_429,
    rollup_hours.status_5xx,
    rollup_hours.status_other,
    rollup_hours.duration_sum_ms,
    rollup_hours.took_5,
    rollup_hours.took_10,
    rollup_hours.took_25,
    rollup_hours.took_50,
    rollup_hours.took_100,
    rollup_hours.took_250,
    rollup_hours.took_500,
    rollup_hours.took_1000,
    rollup_hours.took_2500,
    rollup_hours.took_5000,
    rollup_hours.took_10000,
    rollup_hours.took_more
   FROM logs.rollup_hours
  WHERE ((rollup_hours.customer_id = (NULLIF(current_setting('suiftly.customer_id'::text, true), ''::text))::bigint) AND (rollup_hours.customer_id <> 0));
CREATE TABLE logs.rollup_minutes (
    customer_id bigint NOT NULL,
    service text NOT NULL,
    bucket timestamp with time zone NOT NULL,
    requests bigint NOT NULL,
    billable bigint NOT NULL,
    bytes bigint NOT NULL,
    status_2xx bigint NOT NULL,
    status_3xx bigint NOT NULL,
    status_4xx bigint NOT NULL,
    status_429 bigint NOT NULL,
    status_5xx bigint NOT NULL,
    status_other bigint NOT NULL,
    duration_sum_ms bigint NOT NULL,
    took_5 bigint NOT NULL,
    took_10 bigint NOT NULL,
    took_25 bigint NOT NULL,
    took_50 bigint NOT NULL,
    took_100 bigint NOT NULL,
    took_250 bigint NOT NULL,
    took_500 bigint NOT NULL,
    took_1000 bigint NOT NULL,
    took_2500 bigint NOT NULL,
    took_5000 bigint NOT NULL,
    took_10000 bigint NOT NULL,
    took_more bigint NOT NULL,
    CONSTRAINT rollup_minutes_classes CHECK (((requests = ((((status_2xx + status_3xx) + status_4xx) + status_5xx) + status_other)) AND (status_429 <= status_4xx)))
)
WITH (fillfactor='70');
CREATE VIEW logs.own_minutes WITH (security_barrier='true') AS
 SELECT rollup_minutes.service,
    rollup_minutes.bucket,
    rollup_minutes.requests,
    rollup_minutes.billable,
    rollup_minutes.bytes,
    rollup_minutes.status_2xx,
    rollup_minutes.status_3xx,
    rollup_minutes.status_4xx,
    rollup_minutes.status_429,
    rollup_minutes.status_5xx,
    rollup_minutes.status_other,
    rollup_minutes.duration_sum_ms,
    rollup_minutes.took_5,
    rollup_minutes.took_10,
    rollup_minutes.took_25,
    rollup_minutes.took_50,
    rollup_minutes.took_100,
    rollup_minutes.took_250,
    rollup_minutes.took_500,
    rollup_minutes.took_1000,
    rollup_minutes.took_2500,
    rollup_minutes.took_5000,
    rollup_minutes.took_10000,
    rollup_minutes.took_more
   FROM logs.rollup_minutes
  WHERE ((rollup_minutes.customer_id = (NULLIF(current_setting('suiftly.customer_id'::text, true), ''::text))::bigint) AND (rollup_minutes.customer_id <> 0));
CREATE VIEW logs.own_requests WITH (security_barrier='true') AS
 SELECT haproxy_logs."timestamp",
    haproxy_logs.batch_id,
    haproxy_logs.rid,
    haproxy_logs.service,
    haproxy_logs.key_id,
    haproxy_logs.method,
    haproxy_logs.path,
    haproxy_logs.status,
    haproxy_logs.billable,
    haproxy_logs.reached,
    haproxy_logs.bytes_sent,
    haproxy_logs.bytes_received,
    haproxy_logs.duration_ms,
    haproxy_logs.client_ip,
    haproxy_logs.backend,
    haproxy_logs.server,
    haproxy_logs.termination
   FROM logs.haproxy_logs
  WHERE ((haproxy_logs.customer_id = (NULLIF(current_setting('suiftly.customer_id'::text, true), ''::text))::bigint) AND (haproxy_logs.customer_id <> 0));
CREATE TABLE logs.quarantine (
    "timestamp" timestamp with time zone NOT NULL,
    batch_id bigint NOT NULL,
    customer_id bigint NOT NULL,
    bytes_sent bigint NOT NULL,
    bytes_received bigint NOT NULL,
    duration_ms integer NOT NULL,
    status smallint NOT NULL,
    billable boolean NOT NULL,
    reached boolean NOT NULL,
    rid uuid NOT NULL,
    client_ip inet,
    service text NOT NULL,
    key_id text NOT NULL,
    method text NOT NULL,
    path text NOT NULL,
    backend text NOT NULL,
    server text NOT NULL,
    termination text NOT NULL,
    claimed text,
    reason text NOT NULL,
    held_at timestamp with time zone DEFAULT now() NOT NULL,
    released_batch bigint,
    released_at timestamp with time zone,
    CONSTRAINT quarantine_reason_known CHECK ((reason = ANY (ARRAY['future'::text, 'old'::text]))),
    CONSTRAINT quarantine_released CHECK (((released_batch IS NULL) = (released_at IS NULL)))
);
CREATE SEQUENCE logs.redrives
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE logs.rejects (
    rid uuid NOT NULL,
    batch_id bigint NOT NULL,
    line_number integer NOT NULL,
    reason text NOT NULL,
    line text NOT NULL,
    rejected_at timestamp with time zone DEFAULT now() NOT NULL,
    intact boolean DEFAULT false NOT NULL,
    redriven_batch bigint,
    redriven_at timestamp with time zone,
    CONSTRAINT rejects_redriven CHECK (((redriven_batch IS NULL) = (redriven_at IS NULL)))
);
CREATE TABLE logs.tails (
    source text NOT NULL,
    device bigint NOT NULL,
    inode bigint NOT NULL,
    fingerprint bytea NOT NULL,
    fingerprint_bytes integer NOT NULL,
    byte_offset bigint NOT NULL,
    lines bigint NOT NULL,
    read_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT tails_bounds CHECK (((byte_offset >= 0) AND (lines >= 0) AND ((fingerprint_bytes >= 0) AND (fingerprint_bytes <= 1024))))
);
CREATE TABLE logs.usage_hours (
    customer_id bigint NOT NULL,
    service text NOT NULL,
    hour timestamp with time zone NOT NULL,
    requests bigint NOT NULL,
    billable bigint NOT NULL,
    bytes bigint NOT NULL,
    revision bigint NOT NULL,
    billed_revision bigint DEFAULT 0 NOT NULL,
    unbilled boolean GENERATED ALWAYS AS (((customer_id <> 0) AND (billed_revision <> revision))) STORED NOT NULL,
    CONSTRAINT usage_hours_counts CHECK ((((billable >= 0) AND (billable <= requests)) AND (bytes >= 0))),
    CONSTRAINT usage_hours_revisions CHECK (((billed_revision >= 0) AND (billed_revision <= revision))),
    CONSTRAINT usage_hours_whole CHECK ((((EXTRACT(epoch FROM hour))::bigint % (3600)::bigint) = 0))
)
WITH (fillfactor='70');
CREATE TABLE ops.audit (
    audit_id bigint NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    actor text NOT NULL,
    customer_id bigint,
    action text NOT NULL,
    subject text NOT NULL,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    request_id text DEFAULT ''::text NOT NULL
);
ALTER TABLE ops.audit ALTER COLUMN audit_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME ops.audit_audit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE ops.idempotency_keys (
    customer_id bigint NOT NULL,
    key text NOT NULL,
    operation text NOT NULL,
    request_hash bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    leased_until timestamp with time zone NOT NULL,
    status integer,
    content_type text,
    body bytea,
    CONSTRAINT idempotency_keys_answered CHECK (((status IS NULL) = (body IS NULL)))
);
CREATE TABLE ops.job_fences (
    job text NOT NULL,
    epoch bigint NOT NULL
);
CREATE TABLE ops.job_runs (
    job text NOT NULL,
    due_at timestamp with time zone NOT NULL,
    epoch bigint NOT NULL,
    state text NOT NULL,
    replica text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    error text,
    CONSTRAINT job_runs_state_known CHECK ((state = ANY (ARRAY['running'::text, 'ok'::text, 'failed'::text])))
);
CREATE TABLE ops.outbox (
    outbox_id bigint NOT NULL,
    kind text NOT NULL,
    body jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    next_at timestamp with time zone NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    dead_at timestamp with time zone,
    last_error text,
    CONSTRAINT outbox_attempts_counted CHECK ((attempts >= 0))
);
ALTER TABLE ops.outbox ALTER COLUMN outbox_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME ops.outbox_outbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE UNLOGGED TABLE ops.rate_limits (
    key_sha256 bytea NOT NULL,
    taken_us bigint[] NOT NULL,
    units integer[] NOT NULL,
    granted integer NOT NULL,
    forget_at timestamp with time zone NOT NULL,
    CONSTRAINT rate_limits_pairs CHECK ((cardinality(taken_us) = cardinality(units)))
)
WITH (fillfactor='50');
CREATE TABLE public.schema_migrations (
    version character varying NOT NULL,
    sha256 text
);
CREATE TABLE services.api_keys (
    key_id text NOT NULL,
    customer_id bigint NOT NULL,
    service text NOT NULL,
    name text NOT NULL,
    prefix text NOT NULL,
    key_sha256 text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    expires_at timestamp with time zone,
    replaced_by text,
    networks cidr[] DEFAULT '{}'::cidr[] NOT NULL,
    CONSTRAINT api_keys_expires_after CHECK ((expires_at >= created_at)),
    CONSTRAINT api_keys_id_plain CHECK ((key_id ~ '^[0-9A-Za-z]{4,32}$'::text)),
    CONSTRAINT api_keys_name_length CHECK (((char_length(name) >= 1) AND (char_length(name) <= 60))),
    CONSTRAINT api_keys_networks_few CHECK ((cardinality(networks) <= 100)),
    CONSTRAINT api_keys_replaced_expires CHECK (((replaced_by IS NULL) OR (expires_at IS NOT NULL))),
    CONSTRAINT api_keys_revoked_after CHECK ((revoked_at >= created_at)),
    CONSTRAINT api_keys_sha256_hex CHECK ((key_sha256 ~ '^[0-9a-f]{64}$'::text))
);
CREATE TABLE services.config_versions (
    customer_id bigint NOT NULL,
    service text NOT NULL,
    version integer NOT NULL,
    config jsonb NOT NULL,
    price_lines jsonb NOT NULL,
    monthly_micros bigint NOT NULL,
    price_book_id bigint NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT config_versions_config_object CHECK ((jsonb_typeof(config) = 'object'::text)),
    CONSTRAINT config_versions_from_one CHECK ((version >= 1)),
    CONSTRAINT config_versions_price_not_negative CHECK ((monthly_micros >= 0))
);
CREATE TABLE services.edge_acks (
    edge text NOT NULL,
    version text NOT NULL,
    revision bigint NOT NULL,
    haproxy_version text NOT NULL,
    applied_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL
);
CREATE TABLE services.edge_changes (
    customer_id bigint NOT NULL,
    revision bigint NOT NULL
);
CREATE TABLE services.edge_revision (
    only_row boolean DEFAULT true NOT NULL,
    revision bigint NOT NULL,
    CONSTRAINT edge_revision_one_row CHECK (only_row)
);
CREATE TABLE services.enabled_periods (
    period_id bigint NOT NULL,
    customer_id bigint NOT NULL,
    service text NOT NULL,
    enabled_at timestamp with time zone NOT NULL,
    disabled_at timestamp with time zone,
    CONSTRAINT enabled_periods_forward CHECK ((disabled_at >= enabled_at))
);
ALTER TABLE services.enabled_periods ALTER COLUMN period_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME services.enabled_periods_period_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE services.price_book (
    price_book_id bigint NOT NULL,
    effective_from timestamp with time zone NOT NULL,
    content jsonb NOT NULL,
    content_sha256 text NOT NULL,
    service_types text[] NOT NULL,
    loaded_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT price_book_content_object CHECK ((jsonb_typeof(content) = 'object'::text)),
    CONSTRAINT price_book_sha256_hex CHECK ((content_sha256 ~ '^[0-9a-f]{64}$'::text))
);
ALTER TABLE services.price_book ALTER COLUMN price_book_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME services.price_book_price_book_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE services.service_configs (
    customer_id bigint NOT NULL,
    service text NOT NULL,
    version integer NOT NULL
);
CREATE TABLE services.suspensions (
    suspension_id bigint NOT NULL,
    customer_id bigint NOT NULL,
    reason text NOT NULL,
    suspended_at timestamp with time zone NOT NULL,
    resumed_at timestamp with time zone,
    CONSTRAINT suspensions_forward CHECK ((resumed_at >= suspended_at)),
    CONSTRAINT suspensions_reason_known CHECK ((reason ~ '^[a-z][a-z_]{1,39}$'::text))
);
ALTER TABLE services.suspensions ALTER COLUMN suspension_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME services.suspensions_suspension_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE wallet.accounts (
    account_id bigint NOT NULL,
    kind text NOT NULL,
    customer_id bigint,
    service text DEFAULT ''::text NOT NULL,
    opened_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT accounts_kind_known CHECK ((((kind = ANY (ARRAY['available'::text, 'reserved'::text, 'receivable'::text])) AND (customer_id IS NOT NULL)) OR ((kind = ANY (ARRAY['revenue'::text, 'chain_in'::text, 'chain_out'::text, 'promo'::text, 'rounding'::text])) AND (customer_id IS NULL)))),
    CONSTRAINT accounts_service_of_revenue CHECK (((kind = 'revenue'::text) = (service <> ''::text)))
);
ALTER TABLE wallet.accounts ALTER COLUMN account_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME wallet.accounts_account_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE wallet.balances (
    customer_id bigint NOT NULL,
    available_micros bigint DEFAULT 0 NOT NULL,
    reserved_micros bigint DEFAULT 0 NOT NULL,
    receivable_micros bigint DEFAULT 0 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT balances_available_not_negative CHECK ((available_micros >= 0)),
    CONSTRAINT balances_receivable_not_negative CHECK ((receivable_micros >= 0)),
    CONSTRAINT balances_reserved_not_negative CHECK ((reserved_micros >= 0))
);
CREATE TABLE wallet.transactions (
    transaction_id bigint NOT NULL,
    cause text NOT NULL,
    kind text NOT NULL,
    customer_id bigint NOT NULL,
    other_account_id bigint NOT NULL,
    amount_micros bigint NOT NULL,
    lines smallint NOT NULL,
    at timestamp with time zone NOT NULL,
    posted_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT transactions_cause_not_empty CHECK ((cause <> ''::text)),
    CONSTRAINT transactions_kind_known CHECK ((kind = ANY (ARRAY['charge'::text, 'refund'::text, 'credit'::text]))),
    CONSTRAINT transactions_two_lines CHECK ((lines >= 2))
);
CREATE VIEW wallet.billing_transactions AS
 SELECT t.transaction_id,
    t.customer_id,
    t.kind,
    a.service,
    (((t.amount_micros)::numeric / (1000000)::numeric))::numeric(20,6) AS amount,
    'posted'::text AS status,
    NULL::text AS transaction_hash,
    t.cause,
    t.at
   FROM (wallet.transactions t
     JOIN wallet.accounts a ON ((a.account_id = t.other_account_id)));
CREATE TABLE wallet.postings (
    transaction_id bigint NOT NULL,
    line smallint NOT NULL,
    account_id bigint NOT NULL,
    amount_micros bigint NOT NULL,
    CONSTRAINT postings_line_positive CHECK ((line >= 1)),
    CONSTRAINT postings_not_zero CHECK ((amount_micros <> 0))
);
ALTER TABLE wallet.transactions ALTER COLUMN transaction_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME wallet.transactions_transaction_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
ALTER TABLE ONLY auth.approval_challenges
    ADD CONSTRAINT approval_challenges_pkey PRIMARY KEY (challenge_id);
ALTER TABLE ONLY auth.challenges
    ADD CONSTRAINT challenges_pkey PRIMARY KEY (challenge_id);
ALTER TABLE ONLY auth.customers
    ADD CONSTRAINT customers_address_once UNIQUE (address);
ALTER TABLE ONLY auth.customers
    ADD CONSTRAINT customers_pkey PRIMARY KEY (customer_id);
ALTER TABLE ONLY auth.email_links
    ADD CONSTRAINT email_links_pkey PRIMARY KEY (token_sha256);
ALTER TABLE ONLY auth.evidence
    ADD CONSTRAINT evidence_challenge_once UNIQUE (challenge_id);
ALTER TABLE ONLY auth.evidence
    ADD CONSTRAINT evidence_pkey PRIMARY KEY (evidence_id);
ALTER TABLE ONLY auth.refresh_tokens
    ADD CONSTRAINT refresh_tokens_pkey PRIMARY KEY (token_sha256);
ALTER TABLE ONLY auth.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (session_id);
ALTER TABLE ONLY billing.accounts
    ADD CONSTRAINT accounts_pkey PRIMARY KEY (customer_id);
ALTER TABLE ONLY billing.accruals
    ADD CONSTRAINT accruals_pkey PRIMARY KEY (customer_id, month, service);
ALTER TABLE ONLY billing.carries
    ADD CONSTRAINT carries_pkey PRIMARY KEY (customer_id, service, month, item, per);
ALTER TABLE ONLY billing.charges
    ADD CONSTRAINT charges_once UNIQUE (customer_id, service, hour, revision);
ALTER TABLE ONLY billing.charges
    ADD CONSTRAINT charges_pkey PRIMARY KEY (charge_id);
ALTER TABLE ONLY billing.fees
    ADD CONSTRAINT fees_once UNIQUE (customer_id, month, service, revision);
ALTER TABLE ONLY billing.fees
    ADD CONSTRAINT fees_pkey PRIMARY KEY (fee_id);
ALTER TABLE ONLY billing.parked
    ADD CONSTRAINT parked_pkey PRIMARY KEY (customer_id);
ALTER TABLE ONLY billing.runs
    ADD CONSTRAINT runs_pkey PRIMARY KEY (run_id);
ALTER TABLE ONLY billing.usage_metrics
    ADD CONSTRAINT usage_metrics_pkey PRIMARY KEY (customer_id, period, service);
ALTER TABLE ONLY logs.batches
    ADD CONSTRAINT batches_once UNIQUE (source, "position");
ALTER TABLE ONLY logs.batches
    ADD CONSTRAINT batches_pkey PRIMARY KEY (batch_id);
ALTER TABLE ONLY logs.haproxy_logs
    ADD CONSTRAINT haproxy_logs_once UNIQUE ("timestamp", rid);
ALTER TABLE ONLY logs.meter_runs
    ADD CONSTRAINT meter_runs_pkey PRIMARY KEY (run_id);
ALTER TABLE ONLY logs.quarantine
    ADD CONSTRAINT quarantine_once UNIQUE ("timestamp", rid);
ALTER TABLE ONLY logs.rejects
    ADD CONSTRAINT rejects_pkey PRIMARY KEY (rid);
ALTER TABLE ONLY logs.rollup_hours
    ADD CONSTRAINT rollup_hours_pkey PRIMARY KEY (customer_id, bucket, service);
ALTER TABLE ONLY logs.rollup_minutes
    ADD CONSTRAINT rollup_minutes_pkey PRIMARY KEY (customer_id, bucket, service);
ALTER TABLE ONLY logs.tails
    ADD CONSTRAINT tails_pkey PRIMARY KEY (source);
ALTER TABLE ONLY logs.usage_hours
    ADD CONSTRAINT usage_hours_pkey PRIMARY KEY (customer_id, service, hour);
ALTER TABLE ONLY ops.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (audit_id);
ALTER TABLE ONLY ops.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (customer_id, key);
ALTER TABLE ONLY ops.job_fences
    ADD CONSTRAINT job_fences_pkey PRIMARY KEY (job);
ALTER TABLE ONLY ops.job_runs
    ADD CONSTRAINT job_runs_pkey PRIMARY KEY (job, due_at);
ALTER TABLE ONLY ops.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (outbox_id);
ALTER TABLE ONLY ops.rate_limits
    ADD CONSTRAINT rate_limits_pkey PRIMARY KEY (key_sha256);
ALTER TABLE ONLY public.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (version);
ALTER TABLE ONLY services.api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (key_id);
ALTER TABLE ONLY services.api_keys
    ADD CONSTRAINT api_keys_replaced_once UNIQUE (replaced_by);
ALTER TABLE ONLY services.api_keys
    ADD CONSTRAINT api_keys_sha256_once UNIQUE (key_sha256);
ALTER TABLE ONLY services.config_versions
    ADD CONSTRAINT config_versions_pkey PRIMARY KEY (customer_id, service, version);
ALTER TABLE ONLY services.edge_acks
    ADD CONSTRAINT edge_acks_pkey PRIMARY KEY (edge);
ALTER TABLE ONLY services.edge_changes
    ADD CONSTRAINT edge_changes_pkey PRIMARY KEY (customer_id);
ALTER TABLE ONLY services.edge_revision
    ADD CONSTRAINT edge_revision_pkey PRIMARY KEY (only_row);
ALTER TABLE ONLY services.enabled_periods
    ADD CONSTRAINT enabled_periods_pkey PRIMARY KEY (period_id);
ALTER TABLE ONLY services.price_book
    ADD CONSTRAINT price_book_pkey PRIMARY KEY (price_book_id);
ALTER TABLE ONLY services.service_configs
    ADD CONSTRAINT service_configs_pkey PRIMARY KEY (customer_id, service);
ALTER TABLE ONLY services.suspensions
    ADD CONSTRAINT suspensions_pkey PRIMARY KEY (suspension_id);
ALTER TABLE ONLY wallet.accounts
    ADD CONSTRAINT accounts_once UNIQUE NULLS NOT DISTINCT (customer_id, kind, service);
ALTER TABLE ONLY wallet.accounts
    ADD CONSTRAINT accounts_pkey PRIMARY KEY (account_id);
ALTER TABLE ONLY wallet.balances
    ADD CONSTRAINT balances_pkey PRIMARY KEY (customer_id);
ALTER TABLE ONLY wallet.postings
    ADD CONSTRAINT postings_pkey PRIMARY KEY (transaction_id, line);
ALTER TABLE ONLY wallet.transactions
    ADD CONSTRAINT transactions_cause_once UNIQUE (cause);
ALTER TABLE ONLY wallet.transactions
    ADD CONSTRAINT transactions_pkey PRIMARY KEY (transaction_id);
CREATE INDEX approval_challenges_expires ON auth.approval_challenges USING btree (expires_at);
CREATE INDEX challenges_expires ON auth.challenges USING btree (expires_at);
CREATE INDEX email_links_customer ON auth.email_links USING btree (customer_id);
CREATE INDEX email_links_expires ON auth.email_links USING btree (expires_at);
CREATE INDEX evidence_customer ON auth.evidence USING btree (customer_id, evidence_id DESC);
CREATE INDEX refresh_tokens_expires ON auth.refresh_tokens USING btree (expires_at);
CREATE INDEX refresh_tokens_session ON auth.refresh_tokens USING btree (session_id);
CREATE INDEX sessions_customer ON auth.sessions USING btree (customer_id);
CREATE INDEX sessions_expires ON auth.sessions USING btree (expires_at);
CREATE INDEX charges_late ON billing.charges USING btree (customer_id, late_in) WHERE (late_in IS NOT NULL);
CREATE INDEX fees_late ON billing.fees USING btree (customer_id, late_in) WHERE (late_in IS NOT NULL);
CREATE INDEX runs_unfinished ON billing.runs USING btree (run_id) WHERE (state = 'running'::text);
CREATE INDEX batches_received ON logs.batches USING btree (received_at);
CREATE INDEX batches_unbilled ON logs.batches USING btree (batch_id) WHERE ((billed_run IS NULL) AND (metered_run IS NOT NULL));
CREATE INDEX batches_unmetered ON logs.batches USING btree (batch_id) WHERE (metered_run IS NULL);
CREATE INDEX haproxy_logs_batch ON ONLY logs.haproxy_logs USING btree (batch_id);
CREATE INDEX haproxy_logs_customer ON ONLY logs.haproxy_logs USING btree (customer_id, "timestamp");
CREATE INDEX quarantine_batch ON logs.quarantine USING btree (batch_id);
CREATE INDEX quarantine_held ON logs.quarantine USING btree (held_at);
CREATE INDEX rejects_at ON logs.rejects USING btree (rejected_at);
CREATE INDEX rejects_batch ON logs.rejects USING btree (batch_id);
CREATE INDEX usage_hours_open ON logs.usage_hours USING btree (hour) WHERE unbilled;
CREATE INDEX usage_hours_unbilled ON logs.usage_hours USING btree (customer_id, service, hour) WHERE unbilled;
CREATE INDEX audit_customer_at ON ops.audit USING btree (customer_id, at DESC);
CREATE INDEX idempotency_keys_created ON ops.idempotency_keys USING btree (created_at);
CREATE INDEX outbox_due ON ops.outbox USING btree (next_at) WHERE (dead_at IS NULL);
CREATE INDEX api_keys_live ON services.api_keys USING btree (customer_id, service) WHERE (revoked_at IS NULL);
CREATE UNIQUE INDEX enabled_periods_one_open ON services.enabled_periods USING btree (customer_id, service) WHERE (disabled_at IS NULL);
CREATE INDEX price_book_effective ON services.price_book USING btree (effective_from);
CREATE UNIQUE INDEX suspensions_one_open ON services.suspensions USING btree (customer_id, reason) WHERE (resumed_at IS NULL);
CREATE INDEX transactions_customer ON wallet.transactions USING btree (customer_id, transaction_id DESC);
CREATE TRIGGER evidence_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON auth.evidence FOR EACH STATEMENT EXECUTE FUNCTION auth.refuse_change();
CREATE TRIGGER charges_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON billing.charges FOR EACH STATEMENT EXECUTE FUNCTION billing.refuse_change();
CREATE TRIGGER fees_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON billing.fees FOR EACH STATEMENT EXECUTE FUNCTION billing.refuse_change();
CREATE TRIGGER api_keys_edge AFTER INSERT OR DELETE OR UPDATE ON services.api_keys FOR EACH ROW EXECUTE FUNCTION services.raise_edge_revision();
CREATE TRIGGER config_versions_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON services.config_versions FOR EACH STATEMENT EXECUTE FUNCTION services.refuse_change();
CREATE TRIGGER enabled_periods_edge AFTER INSERT OR DELETE OR UPDATE ON services.enabled_periods FOR EACH ROW EXECUTE FUNCTION services.raise_edge_revision();
CREATE TRIGGER price_book_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON services.price_book FOR EACH STATEMENT EXECUTE FUNCTION services.refuse_change();
CREATE TRIGGER price_book_no_past BEFORE INSERT ON services.price_book FOR EACH ROW EXECUTE FUNCTION services.refuse_past_price();
CREATE TRIGGER service_configs_edge AFTER INSERT OR DELETE OR UPDATE ON services.service_configs FOR EACH ROW EXECUTE FUNCTION services.raise_edge_revision();
CREATE TRIGGER suspensions_edge AFTER INSERT OR DELETE OR UPDATE ON services.suspensions FOR EACH ROW EXECUTE FUNCTION services.raise_edge_revision();
CREATE TRIGGER accounts_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON wallet.accounts FOR EACH STATEMENT EXECUTE FUNCTION wallet.refuse_change();
CREATE TRIGGER accounts_open_balance AFTER INSERT ON wallet.accounts FOR EACH ROW WHEN ((new.customer_id IS NOT NULL)) EXECUTE FUNCTION wallet.open_balance();
CREATE TRIGGER balances_follow_postings BEFORE INSERT OR UPDATE ON wallet.balances FOR EACH STATEMENT EXECUTE FUNCTION wallet.refuse_direct_balance();
CREATE TRIGGER balances_keep BEFORE DELETE OR TRUNCATE ON wallet.balances FOR EACH STATEMENT EXECUTE FUNCTION wallet.refuse_change();
CREATE TRIGGER postings_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON wallet.postings FOR EACH STATEMENT EXECUTE FUNCTION wallet.refuse_change();
CREATE TRIGGER postings_applied AFTER INSERT ON wallet.postings REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION wallet.apply_postings();
CREATE TRIGGER transactions_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON wallet.transactions FOR EACH STATEMENT EXECUTE FUNCTION wallet.refuse_change();
CREATE CONSTRAINT TRIGGER transactions_balanced AFTER INSERT ON wallet.transactions DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wallet.check_transaction();
ALTER TABLE ONLY auth.approval_challenges
    ADD CONSTRAINT approval_challenges_customer_fkey FOREIGN KEY (customer_id) REFERENCES auth.customers(customer_id);
ALTER TABLE ONLY auth.email_links
    ADD CONSTRAINT email_links_customer_fkey FOREIGN KEY (customer_id) REFERENCES auth.customers(customer_id);
ALTER TABLE ONLY auth.evidence
    ADD CONSTRAINT evidence_customer_fkey FOREIGN KEY (customer_id) REFERENCES auth.customers(customer_id);
ALTER TABLE ONLY auth.refresh_tokens
    ADD CONSTRAINT refresh_tokens_session_fkey FOREIGN KEY (session_id) REFERENCES auth.sessions(session_id) ON DELETE CASCADE;
ALTER TABLE ONLY auth.sessions
    ADD CONSTRAINT sessions_customer_fkey FOREIGN KEY (customer_id) REFERENCES auth.customers(customer_id);
ALTER TABLE ONLY billing.accounts
    ADD CONSTRAINT accounts_customer_fkey FOREIGN KEY (customer_id) REFERENCES auth.customers(customer_id);
ALTER TABLE ONLY billing.accruals
    ADD CONSTRAINT accruals_customer_fkey FOREIGN KEY (customer_id) REFERENCES auth.customers(customer_id);
ALTER TABLE ONLY billing.carries
    ADD CONSTRAINT carries_customer_fkey FOREIGN KEY (customer_id) REFERENCES auth.customers(customer_id);
ALTER TABLE ONLY billing.charges
    ADD CONSTRAINT charges_customer_fkey FOREIGN KEY (customer_id) REFERENCES auth.customers(customer_id);
ALTER TABLE ONLY billing.charges
    ADD CONSTRAINT charges_run_fkey FOREIGN KEY (run_id) REFERENCES billing.runs(run_id);
ALTER TABLE ONLY billing.fees
    ADD CONSTRAINT fees_customer_fkey FOREIGN KEY (customer_id) REFERENCES auth.customers(customer_id);
ALTER TABLE ONLY billing.fees
    ADD CONSTRAINT fees_run_fkey FOREIGN KEY (run_id) REFERENCES billing.runs(run_id);
ALTER TABLE ONLY billing.parked
    ADD CONSTRAINT parked_customer_fkey FOREIGN KEY (customer_id) REFERENCES auth.customers(customer_id);
ALTER TABLE ONLY billing.parked
    ADD CONSTRAINT parked_run_fkey FOREIGN KEY (run_id) REFERENCES billing.runs(run_id);
ALTER TABLE ONLY billing.usage_metrics
    ADD CONSTRAINT usage_metrics_customer_fkey FOREIGN KEY (customer_id) REFERENCES auth.customers(customer_id);
ALTER TABLE ONLY services.api_keys
    ADD CONSTRAINT api_keys_config_fkey FOREIGN KEY (customer_id, service) REFERENCES services.service_configs(customer_id, service);
ALTER TABLE ONLY services.api_keys
    ADD CONSTRAINT api_keys_replaced_fkey FOREIGN KEY (replaced_by) REFERENCES services.api_keys(key_id);
ALTER TABLE ONLY services.config_versions
    ADD CONSTRAINT config_versions_customer_fkey FOREIGN KEY (customer_id) REFERENCES auth.customers(customer_id);
ALTER TABLE ONLY services.config_versions
    ADD CONSTRAINT config_versions_price_book_fkey FOREIGN KEY (price_book_id) REFERENCES services.price_book(price_book_id);
ALTER TABLE ONLY services.edge_changes
    ADD CONSTRAINT edge_changes_customer_fkey FOREIGN KEY (customer_id) REFERENCES auth.customers(customer_id);
ALTER TABLE ONLY services.enabled_periods
    ADD CONSTRAINT enabled_periods_config_fkey FOREIGN KEY (customer_id, service) REFERENCES services.service_configs(customer_id, service);
ALTER TABLE ONLY services.service_configs
    ADD CONSTRAINT service_configs_version_fkey FOREIGN KEY (customer_id, service, version) REFERENCES services.config_versions(customer_id, service, version);
ALTER TABLE ONLY services.suspensions
    ADD CONSTRAINT suspensions_customer_fkey FOREIGN KEY (customer_id) REFERENCES auth.customers(customer_id);
ALTER TABLE ONLY wallet.accounts
    ADD CONSTRAINT accounts_customer_fkey FOREIGN KEY (customer_id) REFERENCES auth.customers(customer_id);
ALTER TABLE ONLY wallet.balances
    ADD CONSTRAINT balances_customer_fkey FOREIGN KEY (customer_id) REFERENCES auth.customers(customer_id);
ALTER TABLE ONLY wallet.postings
    ADD CONSTRAINT postings_account_fkey FOREIGN KEY (account_id) REFERENCES wallet.accounts(account_id);
ALTER TABLE ONLY wallet.postings
    ADD CONSTRAINT postings_transaction_fkey FOREIGN KEY (transaction_id) REFERENCES wallet.transactions(transaction_id);
ALTER TABLE ONLY wallet.transactions
    ADD CONSTRAINT transactions_customer_fkey FOREIGN KEY (customer_id) REFERENCES auth.customers(customer_id);
ALTER TABLE ONLY wallet.transactions
    ADD CONSTRAINT transactions_other_account_fkey FOREIGN KEY (other_account_id) REFERENCES wallet.accounts(account_id);
