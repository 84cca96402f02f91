-- migrate:up

-- One schema per room, and ops for what the pipes keep: jobs, audit, idempotency.
create schema ops;
create schema auth;
create schema services;
create schema wallet;
create schema logs;
create schema billing;

-- A run of a job, claimed once per due time. See internal/jobs.
create table ops.job_runs (
    job         text        not null,
    due_at      timestamptz not null,
    epoch       bigint      not null,
    state       text        not null,
    replica     text        not null,
    started_at  timestamptz not null,
    finished_at timestamptz,
    error       text,
    constraint job_runs_pkey primary key (job, due_at),
    constraint job_runs_state_known check (state in ('running', 'ok', 'failed'))
);

-- The fencing epoch of a job: raised by every holder of its lock, checked by every transaction it writes in.
create table ops.job_fences (
    job   text   not null,
    epoch bigint not null,
    constraint job_fences_pkey primary key (job)
);

-- One row per mutation, written in the mutation's own transaction. See internal/audit.
create table ops.audit (
    audit_id    bigint      generated always as identity,
    at          timestamptz not null default now(),
    actor       text        not null,
    customer_id bigint,
    action      text        not null,
    subject     text        not null,
    detail      jsonb       not null default '{}',
    request_id  text        not null default '',
    constraint audit_pkey primary key (audit_id)
);
create index audit_customer_at on ops.audit (customer_id, at desc);

-- The answer given to (customer, key): the same request again gets the same answer. See internal/web/idempotency.go.
create table ops.idempotency_keys (
    customer_id   bigint      not null,
    key           text        not null,
    operation     text        not null,
    request_hash  bytea       not null,
    created_at    timestamptz not null default now(),
    leased_until  timestamptz not null,
    status        int,
    content_type  text,
    body          bytea,
    constraint idempotency_keys_pkey primary key (customer_id, key),
    constraint idempotency_keys_answered check ((status is null) = (body is null))
);
create index idempotency_keys_created on ops.idempotency_keys (created_at);

-- migrate:down
drop schema billing cascade;
drop schema logs cascade;
drop schema wallet cascade;
drop schema services cascade;
drop schema auth cascade;
drop schema ops cascade;
