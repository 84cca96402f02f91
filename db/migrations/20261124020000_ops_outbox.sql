-- migrate:up

-- What is to be told to the world outside of Postgres, written in the transaction that made it true and sent after its commit.
-- See internal/outbox. A row that is sent is deleted.
create table ops.outbox (
    outbox_id  bigint      generated always as identity,
    kind       text        not null,
    body       jsonb       not null, -- no secrets: dead rows stay a while
    created_at timestamptz not null,
    next_at    timestamptz not null, -- not tried before
    attempts   integer     not null default 0,
    dead_at    timestamptz,          -- given up
    last_error text,
    constraint outbox_pkey primary key (outbox_id),
    constraint outbox_attempts_counted check (attempts >= 0)
);
create index outbox_due on ops.outbox (next_at) where dead_at is null;

-- migrate:down
drop table ops.outbox;
