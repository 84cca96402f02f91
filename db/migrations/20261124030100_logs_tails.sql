-- migrate:up

-- How far each tailed file is read; written in the transaction that writes its rows. A file is known by its device and inode,
-- or where those changed by a hash of its beginning. lines is how many were ever read, over all rotations: the position of
-- the next batch.
create table logs.tails (
    source            text        not null,
    device            bigint      not null,
    inode             bigint      not null,
    fingerprint       bytea       not null,
    fingerprint_bytes int         not null,
    byte_offset       bigint      not null,
    lines             bigint      not null,
    read_at           timestamptz not null default now(),
    constraint tails_pkey primary key (source),
    constraint tails_bounds check (byte_offset >= 0 and lines >= 0 and fingerprint_bytes between 0 and 1024)
);

-- migrate:down
drop table logs.tails;
