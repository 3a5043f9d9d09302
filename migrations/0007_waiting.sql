-- Late truth (design D11): facts that came before their predecessor. They are entries like any other, but move nothing until an
-- entry of their own settles them.

create table waiting (
    position    bigint      not null,
    log_id      smallint    not null,
    record_time timestamptz not null,
    event_time  timestamptz not null,
    participant integer     not null,
    claim       jsonb       not null,
    primary key (log_id, position)
);
comment on table waiting is 'What an entry claims of objects that were not ready for it; claim is what the judge is asked again';

-- What could wake it: the objects that it names, and the containers in which they were found.
create table waiting_object (
    object_id  bigint   not null,
    position   bigint   not null,
    log_id     smallint not null,
    waits      boolean  not null,
    primary key (log_id, object_id, position)
);
create index waiting_object_position on waiting_object (log_id, position);

-- One row for each object of a waiting fact that was settled, and the entry that did it; or that came to nothing.
create table waiting_settled (
    position    bigint   not null,
    object_id   bigint   not null,
    settled_at  bigint   not null,
    log_id      smallint not null,
    primary key (log_id, position, object_id)
);

-- Facts about which a finding was opened after waiting in vain.
create table waiting_reported (
    position    bigint      not null,
    log_id      smallint    not null,
    reported_at timestamptz not null,
    primary key (log_id, position)
);

select guard_append_only(name::regclass) from unnest(array['waiting', 'waiting_object', 'waiting_settled', 'waiting_reported']) as name;
grant select, insert on waiting, waiting_object, waiting_settled, waiting_reported to tamga_app;
grant select on waiting, waiting_object, waiting_settled, waiting_reported to tamga_auditor;
