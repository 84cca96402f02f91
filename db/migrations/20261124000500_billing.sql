-- migrate:up

-- A run of billing: who, when, how much. A run whose replica died stays 'running' until the next one marks it abandoned.
create table billing.runs (
    run_id        bigint      generated always as identity,
    at            timestamptz not null, -- the time the run stands for; hours that began before it are billed
    epoch         bigint      not null, -- its fencing epoch; 0: run by hand
    replica       text        not null,
    started_at    timestamptz not null,
    finished_at   timestamptz,
    state         text        not null default 'running',
    customers     bigint      not null default 0, -- billed
    parked        bigint      not null default 0, -- left out, see billing.parked
    hours         bigint      not null default 0, -- (customer, service, hour)s marked billed
    charges       bigint      not null default 0,
    amount_micros bigint      not null default 0,
    error         text        not null default '',
    constraint runs_pkey primary key (run_id),
    constraint runs_state_known check (state in ('running', 'done', 'partial', 'failed', 'abandoned')),
    constraint runs_finished check ((state = 'running') = (finished_at is null))
);
create index runs_unfinished on billing.runs (run_id) where state = 'running';

-- What was charged for a (customer, service, hour), all revisions together: always the sum of its charges.
create table billing.usage_metrics (
    customer_id     bigint      not null,
    service         text        not null,
    period          timestamptz not null, -- the hour's first instant
    total_requests  bigint      not null,
    billable        bigint      not null,
    total_bandwidth bigint      not null, -- bytes sent
    amount_charged  bigint      not null, -- micros
    revision        int         not null,
    changed_at      timestamptz not null default now(),
    constraint usage_metrics_pkey primary key (customer_id, period, service),
    constraint usage_metrics_customer_fkey foreign key (customer_id) references auth.customers (customer_id),
    constraint usage_metrics_period_is_an_hour check (date_trunc('hour', period, 'UTC') = period),
    constraint usage_metrics_counts_not_negative
        check (total_requests >= 0 and billable >= 0 and billable <= total_requests and total_bandwidth >= 0),
    constraint usage_metrics_revision_positive check (revision >= 1)
);

-- A charge is the difference one run found for one hour: a late line makes a new one, none is ever edited.
create table billing.charges (
    charge_id         bigint      generated always as identity,
    customer_id       bigint      not null,
    service           text        not null,
    hour              timestamptz not null,
    revision          int         not null,
    requests          bigint      not null,
    billable          bigint      not null,
    bytes             bigint      not null,
    requests_micros   bigint      not null, -- what the billable requests cost
    bandwidth_micros  bigint      not null,
    amount_micros     bigint      not null,
    price_book        bigint      not null, -- the version it was priced by
    cause             text        not null, -- of its ledger transaction; one of amount 0 has none
    run_id            bigint      not null,
    at                timestamptz not null, -- when it counts in the ledger
    constraint charges_pkey primary key (charge_id),
    constraint charges_once unique (customer_id, service, hour, revision),
    constraint charges_customer_fkey foreign key (customer_id) references auth.customers (customer_id),
    constraint charges_run_fkey foreign key (run_id) references billing.runs (run_id),
    constraint charges_amount_is_its_parts check (amount_micros = requests_micros + bandwidth_micros),
    constraint charges_hour_is_an_hour check (date_trunc('hour', hour, 'UTC') = hour),
    constraint charges_revision_positive check (revision >= 1)
);

create function billing.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'billing.% is append-only: a correction is a new charge', tg_table_name
        using errcode = 'integrity_constraint_violation', constraint = tg_table_name || '_append_only';
end $$;
create trigger charges_append_only before update or delete or truncate on billing.charges
    for each statement execute function billing.refuse_change();

-- What stayed below one micro, carried from charge to charge within a month. One row per divisor, because a remainder only
-- means something together with what it is a remainder of: a price book with another divisor starts its own.
create table billing.carries (
    customer_id bigint not null,
    service     text   not null,
    month       date   not null,
    item        text   not null,
    per         bigint not null,
    carry       bigint not null, -- in 1/per of a micro
    constraint carries_pkey primary key (customer_id, service, month, item, per),
    constraint carries_customer_fkey foreign key (customer_id) references auth.customers (customer_id),
    constraint carries_item_known check (item in ('requests', 'bandwidth')),
    constraint carries_below_one_micro check (per > 0 and carry >= 0 and carry < per)
);

-- Customers the last run could not bill. A failure is tried again by every run and its row goes when it is mended; what
-- waits for a review waits for an operator.
create table billing.parked (
    customer_id  bigint      not null,
    reason       text        not null,
    detail       text        not null,
    review       boolean     not null,
    since        timestamptz not null,
    tries        int         not null default 1,
    run_id       bigint      not null,
    approved_at  timestamptz, -- an operator looked: the next run bills without asking again
    constraint parked_pkey primary key (customer_id),
    constraint parked_customer_fkey foreign key (customer_id) references auth.customers (customer_id),
    constraint parked_run_fkey foreign key (run_id) references billing.runs (run_id),
    constraint parked_approved_was_in_review check (approved_at is null or review)
);

-- migrate:down
drop table billing.parked;
drop table billing.carries;
drop table billing.charges;
drop function billing.refuse_change();
drop table billing.usage_metrics;
drop table billing.runs;
