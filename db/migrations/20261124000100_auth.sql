-- migrate:up

create table auth.customers (
    customer_id      bigint      generated always as identity (start with 1001),
    address          text        not null,
    status           text        not null default 'active',
    suspended_reason text,
    created_at       timestamptz not null default now(),
    constraint customers_pkey primary key (customer_id),
    constraint customers_address_once unique (address),
    constraint customers_address_normal check (address ~ '^0x[0-9a-f]{64}$'),
    constraint customers_status_known check (status in ('active', 'suspended', 'closed')),
    constraint customers_suspended_has_reason check ((status = 'suspended') = (suspended_reason is not null))
);

-- A sign-in message waiting for its signature. It works once: verify deletes it.
create table auth.challenges (
    challenge_id   uuid        not null default gen_random_uuid(),
    address        text        not null,
    message_sha256 bytea       not null,
    issued_at      timestamptz not null,
    expires_at     timestamptz not null,
    preauth_sha256 bytea       not null,
    constraint challenges_pkey primary key (challenge_id),
    constraint challenges_address_normal check (address ~ '^0x[0-9a-f]{64}$')
);
create index challenges_expires on auth.challenges (expires_at);

-- A session is a family of refresh tokens that grew from one signature.
create table auth.sessions (
    session_id   uuid        not null default gen_random_uuid(),
    customer_id  bigint      not null,
    created_at   timestamptz not null,
    last_used_at timestamptz not null,
    expires_at   timestamptz not null,
    user_agent   text        not null default '',
    ip_prefix    text        not null default '',
    revoked_at   timestamptz,
    revoked_why  text,
    constraint sessions_pkey primary key (session_id),
    constraint sessions_customer_fkey foreign key (customer_id) references auth.customers (customer_id),
    constraint sessions_revoked_has_reason check ((revoked_at is null) = (revoked_why is null))
);
create index sessions_customer on auth.sessions (customer_id);
create index sessions_expires on auth.sessions (expires_at);

-- Refresh tokens, hashed. A rotated one keeps its row so that its reuse is seen.
create table auth.refresh_tokens (
    token_sha256 bytea       not null,
    session_id   uuid        not null,
    issued_at    timestamptz not null,
    expires_at   timestamptz not null,
    rotated_at   timestamptz,
    constraint refresh_tokens_pkey primary key (token_sha256),
    constraint refresh_tokens_session_fkey foreign key (session_id) references auth.sessions (session_id) on delete cascade
);
create index refresh_tokens_session on auth.refresh_tokens (session_id);

-- migrate:down
drop table auth.refresh_tokens;
drop table auth.sessions;
drop table auth.challenges;
drop table auth.customers;
