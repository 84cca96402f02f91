-- migrate:up

-- What customers say about themselves. version rises with every change, so that two tabs cannot overwrite each other.
alter table auth.customers
    add column name              text        not null default '',
    add column email             text        not null default '',
    add column email_verified_at timestamptz,
    add column preferences       jsonb       not null default '{}',
    add column version           bigint      not null default 1,
    add constraint customers_name_short check (length(name) <= 100),
    add constraint customers_email_short check (length(email) <= 254),
    add constraint customers_verified_has_email check (email_verified_at is null or email <> '');

-- The sweep deletes tokens by age.
create index refresh_tokens_expires on auth.refresh_tokens (expires_at);

-- A sensitive change that waits for its customer's signature. It works once: the approval deletes it.
create table auth.approval_challenges (
    challenge_id   uuid        not null,
    customer_id    bigint      not null,
    purpose        text        not null,
    change_sha256  bytea       not null, -- of the canonical text of the change
    message_sha256 bytea       not null, -- of all that the wallet signs
    issued_at      timestamptz not null,
    expires_at     timestamptz not null,
    constraint approval_challenges_pkey primary key (challenge_id),
    constraint approval_challenges_customer_fkey foreign key (customer_id) references auth.customers (customer_id)
);
create index approval_challenges_expires on auth.approval_challenges (expires_at);

-- Evidence: what a customer signed, kept word for word, so that anybody can check it again without trusting us.
create table auth.evidence (
    evidence_id  bigint      generated always as identity,
    challenge_id uuid        not null,
    customer_id  bigint      not null,
    address      text        not null,
    session_id   uuid        not null,
    purpose      text        not null,
    message      text        not null,
    signature    text        not null,
    scheme       text        not null,
    issued_at    timestamptz not null,
    approved_at  timestamptz not null,
    constraint evidence_pkey primary key (evidence_id),
    constraint evidence_challenge_once unique (challenge_id),
    constraint evidence_customer_fkey foreign key (customer_id) references auth.customers (customer_id),
    constraint evidence_address_normal check (address ~ '^0x[0-9a-f]{64}$'),
    constraint evidence_scheme_known check (scheme in ('ed25519', 'secp256k1', 'secp256r1', 'multisig', 'zklogin', 'passkey'))
);
create index evidence_customer on auth.evidence (customer_id, evidence_id desc);

create function auth.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'auth.% is append-only: what was signed stays as it was signed', tg_table_name
        using errcode = 'integrity_constraint_violation', constraint = tg_table_name || '_append_only';
end $$;
create trigger evidence_append_only before update or delete or truncate on auth.evidence
    for each statement execute function auth.refuse_change();

-- What callers took of a rate limit lately, by a hash of who took it. Unlogged: after a crash everybody starts afresh. See
-- internal/web/limit.go.
create unlogged table ops.rate_limits (
    key_sha256 bytea       not null,
    taken_us   bigint[]    not null, -- when, in microseconds of Unix time
    units      int[]       not null, -- how many at that time
    granted    int         not null, -- by the last statement; 0: refused
    forget_at  timestamptz not null,
    constraint rate_limits_pkey primary key (key_sha256),
    constraint rate_limits_pairs check (cardinality(taken_us) = cardinality(units))
) with (fillfactor = 50);

-- migrate:down
drop table ops.rate_limits;
drop table auth.evidence;
drop function auth.refuse_change();
drop table auth.approval_challenges;
drop index auth.refresh_tokens_expires;
alter table auth.customers
    drop column name,
    drop column email,
    drop column email_verified_at,
    drop column preferences,
    drop column version;
