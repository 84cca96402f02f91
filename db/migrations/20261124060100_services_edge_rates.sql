-- migrate:up

-- HAProxy holds what a configuration allows: saving one is a change of the edge.
create trigger service_configs_edge after insert or update or delete on services.service_configs
    for each row execute function services.raise_edge_revision();

-- migrate:down
drop trigger service_configs_edge on services.service_configs;
