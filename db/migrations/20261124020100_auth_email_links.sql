-- migrate:up

-- Links that verify an e-mail address. Each works once: the use deletes it. Only a hash of what the link holds is kept.
create table auth.email_links (
    token_sha256 bytea       not null,
    customer_id  bigint      not null,
    email        text        not null, -- the address it was sent to: it says nothing about a later one
    expires_at   timestamptz not null,
    constraint email_links_pkey primary key (token_sha256),
    constraint email_links_customer_fkey foreign key (customer_id) references auth.customers (customer_id)
);
create index email_links_customer on auth.email_links (customer_id);
create index email_links_expires on auth.email_links (expires_at);

-- migrate:down
drop table auth.email_links;
