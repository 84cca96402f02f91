-- migrate:up

-- A customer as billing knows one. Its row is locked by whatever charges, closes or limits the customer: one at a time.
create table billing.accounts (
    customer_id bigint      not null,
    opened_at   timestamptz not null,
    open_month  date        not null default '-infinity', -- the months before it are closed
    constraint accounts_pkey primary key (customer_id),
    constraint accounts_customer_fkey foreign key (customer_id) references auth.customers (customer_id),
    constraint accounts_open_month_is_a_month check (open_month = '-infinity' or extract(day from open_month) = 1)
);
insert into billing.accounts (customer_id, opened_at)
select customer_id, created_at
from auth.customers;

-- How far the plan fee of a customer's service is posted in a month: always the sum of its fees.
create table billing.accruals (
    customer_id   bigint      not null,
    service       text        not null,
    month         date        not null,
    through       timestamptz not null, -- the time up to which it was counted
    posted_micros bigint      not null,
    revision      int         not null,
    constraint accruals_pkey primary key (customer_id, month, service),
    constraint accruals_customer_fkey foreign key (customer_id) references auth.customers (customer_id),
    constraint accruals_month_is_a_month check (extract(day from month) = 1),
    constraint accruals_not_negative check (posted_micros >= 0),
    constraint accruals_revision_positive check (revision >= 1)
);

-- A plan fee is the difference between what a month's enabled seconds cost and what was posted for them.
create table billing.fees (
    fee_id        bigint      generated always as identity,
    customer_id   bigint      not null,
    service       text        not null,
    month         date        not null,
    revision      int         not null,
    hour          timestamptz not null, -- the last hour it counts
    seconds       bigint      not null, -- enabled and not suspended, since the month began
    amount_micros bigint      not null,
    total_micros  bigint      not null, -- of the month, with this one
    cause         text        not null, -- of its ledger transaction
    late_in       date,                 -- the month that took it, when its own was closed
    run_id        bigint      not null,
    at            timestamptz not null, -- when it counts in the ledger
    constraint fees_pkey primary key (fee_id),
    constraint fees_once unique (customer_id, month, service, revision),
    constraint fees_customer_fkey foreign key (customer_id) references auth.customers (customer_id),
    constraint fees_run_fkey foreign key (run_id) references billing.runs (run_id),
    constraint fees_not_nothing check (amount_micros <> 0),
    constraint fees_hour_is_an_hour check (date_trunc('hour', hour, 'UTC') = hour),
    constraint fees_late_after_its_month check (late_in > month)
);
create index fees_late on billing.fees (customer_id, late_in) where late_in is not null;
create trigger fees_append_only before update or delete or truncate on billing.fees
    for each statement execute function billing.refuse_change();

-- Null: the charge belongs to its hour's month. A column without a default changes no row that is there.
alter table billing.charges add column late_in date;
create index charges_late on billing.charges (customer_id, late_in) where late_in is not null;

alter table billing.runs add column fees bigint not null default 0;

-- migrate:down
alter table billing.runs drop column fees;
alter table billing.charges drop column late_in;
drop table billing.fees;
drop table billing.accruals;
drop table billing.accounts;
