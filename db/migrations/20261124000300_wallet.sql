-- migrate:up

-- The ledger. Double entry, append only:
--
--   transactions  one fact (a charge, a credit), known by its cause, which is posted once
--   postings      its lines, which add up to zero
--   balances      what a customer's accounts hold: kept by a trigger, never written by hand
--
-- A posting is signed from its account's side: + gives to the account, - takes from it. A customer who owes has a negative
-- receivable account; balances and the API show the debt as a positive number.

create table wallet.accounts (
    account_id  bigint      generated always as identity,
    kind        text        not null,
    customer_id bigint,                          -- null: an account of the operator
    service     text        not null default '', -- revenue only: which service earned it
    opened_at   timestamptz not null default now(),
    constraint accounts_pkey primary key (account_id),
    constraint accounts_once unique nulls not distinct (customer_id, kind, service),
    constraint accounts_customer_fkey foreign key (customer_id) references auth.customers (customer_id),
    constraint accounts_kind_known check (
        kind in ('available', 'reserved', 'receivable') and customer_id is not null
        or kind in ('revenue', 'chain_in', 'chain_out', 'promo', 'rounding') and customer_id is null),
    constraint accounts_service_of_revenue check ((kind = 'revenue') = (service <> ''))
);

create table wallet.balances (
    customer_id       bigint      not null,
    available_micros  bigint      not null default 0,
    reserved_micros   bigint      not null default 0,
    receivable_micros bigint      not null default 0, -- what the customer owes
    changed_at        timestamptz not null default now(),
    constraint balances_pkey primary key (customer_id),
    constraint balances_customer_fkey foreign key (customer_id) references auth.customers (customer_id),
    constraint balances_available_not_negative check (available_micros >= 0),
    constraint balances_reserved_not_negative check (reserved_micros >= 0),
    constraint balances_receivable_not_negative check (receivable_micros >= 0)
);

create table wallet.transactions (
    transaction_id   bigint      generated always as identity,
    cause            text        not null,
    kind             text        not null,
    customer_id      bigint      not null,
    other_account_id bigint      not null, -- the account on the other side: revenue of a service, promo, ...
    amount_micros    bigint      not null, -- what the customer's accounts gained (+) or gave (-), all together
    lines            smallint    not null, -- how many postings it has; none can be added later
    at               timestamptz not null, -- when it counts
    posted_at        timestamptz not null default now(),
    constraint transactions_pkey primary key (transaction_id),
    constraint transactions_cause_once unique (cause),
    constraint transactions_cause_not_empty check (cause <> ''),
    constraint transactions_customer_fkey foreign key (customer_id) references auth.customers (customer_id),
    constraint transactions_other_account_fkey foreign key (other_account_id) references wallet.accounts (account_id),
    constraint transactions_kind_known check (kind in ('charge', 'refund', 'credit')),
    constraint transactions_two_lines check (lines >= 2)
);
create index transactions_customer on wallet.transactions (customer_id, transaction_id desc);

create table wallet.postings (
    transaction_id bigint   not null,
    line           smallint not null,
    account_id     bigint   not null,
    amount_micros  bigint   not null,
    constraint postings_pkey primary key (transaction_id, line),
    constraint postings_transaction_fkey foreign key (transaction_id) references wallet.transactions (transaction_id),
    constraint postings_account_fkey foreign key (account_id) references wallet.accounts (account_id),
    constraint postings_line_positive check (line >= 1),
    constraint postings_not_zero check (amount_micros <> 0)
);

-- What is written stays written.
create function wallet.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'wallet.% is append-only: post a correcting transaction instead', tg_table_name
        using errcode = 'integrity_constraint_violation', constraint = tg_table_name || '_append_only';
end $$;
create trigger accounts_append_only before update or delete or truncate on wallet.accounts
    for each statement execute function wallet.refuse_change();
create trigger transactions_append_only before update or delete or truncate on wallet.transactions
    for each statement execute function wallet.refuse_change();
create trigger postings_append_only before update or delete or truncate on wallet.postings
    for each statement execute function wallet.refuse_change();
create trigger balances_keep before delete or truncate on wallet.balances
    for each statement execute function wallet.refuse_change();

-- The functions below look accounts up one by one (lateral ... offset 0, a loop): by key whatever the planner believes. With
-- plain joins, a plan kept from when the tables were small read all of them for every posting.

-- A transaction is whole at commit: all its lines are there, they add up to zero, and the customer's part is what the
-- transaction says. Deferred, so that the lines may come in any order.
create function wallet.check_transaction() returns trigger language plpgsql as $$
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
create constraint trigger transactions_balanced after insert on wallet.transactions
    deferrable initially deferred
    for each row execute function wallet.check_transaction();

-- Every posting moves its customer's balance in the same statement, and a transaction takes no more lines than it declared:
-- without that, lines could be added after the check above had passed.
create function wallet.apply_postings() returns trigger language plpgsql as $$
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
create trigger postings_applied after insert on wallet.postings
    referencing new table as fresh
    for each statement execute function wallet.apply_postings();

-- A customer's first account brings the balance row, so that a posting always finds one.
create function wallet.open_balance() returns trigger language plpgsql as $$
begin
    insert into wallet.balances (customer_id) values (new.customer_id) on conflict do nothing;
    return null;
end $$;
create trigger accounts_open_balance after insert on wallet.accounts
    for each row when (new.customer_id is not null) execute function wallet.open_balance();

-- Depth 1 is a statement somebody typed; the trigger on postings runs deeper.
create function wallet.refuse_direct_balance() returns trigger language plpgsql as $$
begin
    if pg_trigger_depth() < 2 then
        raise exception 'wallet.balances follows the postings: post a transaction instead'
            using errcode = 'integrity_constraint_violation', constraint = 'balances_follow_postings';
    end if;
    return null;
end $$;
create trigger balances_follow_postings before insert or update on wallet.balances
    for each statement execute function wallet.refuse_direct_balance();

insert into wallet.accounts (kind) values ('chain_in'), ('chain_out'), ('promo'), ('rounding');

-- The statement as the original document named it: amounts in USD, signed from the customer's side.
create view wallet.billing_transactions as
select t.transaction_id,
       t.customer_id,
       t.kind,
       a.service,
       (t.amount_micros::numeric / 1000000)::numeric(20, 6) as amount,
       'posted'::text as status,
       null::text as transaction_hash,
       t.cause,
       t.at
  from wallet.transactions t
  join wallet.accounts a on a.account_id = t.other_account_id;

-- migrate:down
drop view wallet.billing_transactions;
drop table wallet.postings;
drop table wallet.transactions;
drop table wallet.balances;
drop table wallet.accounts;
drop function wallet.check_transaction();
drop function wallet.apply_postings();
drop function wallet.open_balance();
drop function wallet.refuse_direct_balance();
drop function wallet.refuse_change();
