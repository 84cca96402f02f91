-- migrate:up

-- Rows that were released and rejects that could be read later stay, and say in which batch they went on.
alter table logs.quarantine
    add column released_batch bigint,
    add column released_at    timestamptz,
    add constraint quarantine_released check ((released_batch is null) = (released_at is null));
create index quarantine_batch on logs.quarantine (batch_id);

-- intact: line is the beginning of what came, byte for byte, so that it may be read again; what was changed to be kept as text
-- could bill another customer.
alter table logs.rejects
    add column intact         boolean     not null default false,
    add column redriven_batch bigint,
    add column redriven_at    timestamptz,
    add constraint rejects_redriven check ((redriven_batch is null) = (redriven_at is null));

-- The position of a batch that was driven again.
create sequence logs.redrives;

-- migrate:down
drop sequence logs.redrives;
alter table logs.rejects
    drop column redriven_at,
    drop column redriven_batch,
    drop column intact;
drop index logs.quarantine_batch;
alter table logs.quarantine
    drop column released_at,
    drop column released_batch;
