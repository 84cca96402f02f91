-- migrate:up

-- What a customer may read: these views and nothing else. They show the rows of suiftly.customer_id, a setting of the reading
-- transaction; without it, nobody's. They are barriers: no condition of a query sees a row before this one has let it through.
create view logs.own_requests with (security_barrier = true) as
select timestamp, batch_id, rid, service, key_id, method, path, status, billable, reached, bytes_sent, bytes_received,
    duration_ms, client_ip, backend, server, termination
from logs.haproxy_logs
where customer_id = nullif(current_setting('suiftly.customer_id', true), '')::bigint
and customer_id <> 0;

create view logs.own_minutes with (security_barrier = true) as
select service, bucket, requests, billable, bytes, status_2xx, status_3xx, status_4xx, status_429, status_5xx, status_other,
    duration_sum_ms, took_5, took_10, took_25, took_50, took_100, took_250, took_500, took_1000, took_2500, took_5000,
    took_10000, took_more
from logs.rollup_minutes
where customer_id = nullif(current_setting('suiftly.customer_id', true), '')::bigint
and customer_id <> 0;

create view logs.own_hours with (security_barrier = true) as
select service, bucket, requests, billable, bytes, status_2xx, status_3xx, status_4xx, status_429, status_5xx, status_other,
    duration_sum_ms, took_5, took_10, took_25, took_50, took_100, took_250, took_500, took_1000, took_2500, took_5000,
    took_10000, took_more
from logs.rollup_hours
where customer_id = nullif(current_setting('suiftly.customer_id', true), '')::bigint
and customer_id <> 0;

-- Lets this database's user become suiftly_logs_reader, a role that can read the views and no table, and says whether it
-- worked: a user who may create no role needs an administrator to do it once. Roles and grants are not in a dump, so
-- every start asks. Databases of one cluster share the role.
create function logs.admit_reader() returns boolean language plpgsql as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('logs.admit_reader', 0));
    if not exists (select from pg_catalog.pg_roles where rolname = 'suiftly_logs_reader') then
        begin
            create role suiftly_logs_reader nologin;
        exception when duplicate_object or unique_violation then -- from another database, at the same time
            null;
        end;
    end if;
    if not pg_has_role(current_user, 'suiftly_logs_reader', 'member') then
        begin
            execute format('grant suiftly_logs_reader to %I', current_user);
        exception when duplicate_object or unique_violation then
            null;
        end;
    end if;
    if not has_schema_privilege('suiftly_logs_reader', 'logs', 'usage') then
        grant usage on schema logs to suiftly_logs_reader;
    end if;
    if not has_table_privilege('suiftly_logs_reader', 'logs.own_requests', 'select')
    or not has_table_privilege('suiftly_logs_reader', 'logs.own_minutes', 'select')
    or not has_table_privilege('suiftly_logs_reader', 'logs.own_hours', 'select') then
        grant select on logs.own_requests, logs.own_minutes, logs.own_hours to suiftly_logs_reader;
    end if;
    return true;
exception when insufficient_privilege then
    return false;
end $$;

-- The transaction that wrote the batch. Whoever follows the log remembers the snapshot they have read up to and asks for the
-- batches it did not see: one that commits late, with a lower id, is among them.
alter table logs.batches add column written_by xid8;
alter table logs.batches alter column written_by set default pg_current_xact_id();

-- migrate:down
alter table logs.batches drop column written_by;
drop function logs.admit_reader();
drop view logs.own_hours;
drop view logs.own_minutes;
drop view logs.own_requests;
