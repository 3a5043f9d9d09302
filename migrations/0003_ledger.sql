-- The ledger (design D1, D2, D4, D6, D8, D10). Everything here is insert-only: the serving role can add and read, nothing else.
-- log_id leads every key, so that on Citus it is the distribution column and all tables of a log live on one node.

create table log (
    id    smallint primary key,
    name  text not null unique check (name ~ '^[a-z][a-z0-9_-]{0,31}$')
);
comment on table log is 'A log is the unit of order, of proof and of scale';
insert into log (id, name) values (1, 'main'), (2, 'customs'), (3, 'audit');

-- One row a log, taken FOR UPDATE by whoever commits. Never updated: an updated head row under one long snapshot made every
-- commit ten times slower. FOR UPDATE needs the UPDATE right, hence a column that means nothing.
create table log_lock (
    log_id  smallint primary key references log,
    dummy   boolean not null default false
);
insert into log_lock (log_id) select id from log;

create table head (
    log_id       smallint    not null,
    size         bigint      not null check (size > 0),
    root         bytea       not null check (octet_length(root) = 32),
    edge         bytea       not null check (octet_length(edge) % 32 = 0),
    record_time  timestamptz not null,
    primary key (log_id, size)
);
comment on column head.edge is 'The roots of the finished subtrees over the first size entries, largest first, 32 bytes each';

create table entry (
    position     bigint      not null check (position >= 0),
    record_time  timestamptz not null,
    event_time   timestamptz not null,
    participant  integer     not null,
    principal    integer,
    person       integer,
    key_no       integer,
    place        integer,
    mandate      integer,
    log_id       smallint    not null,
    signature    bytea,
    bytes        bytea       not null check (octet_length(bytes) <= 65535),
    primary key (log_id, position)
) partition by range (position);
comment on table entry is 'One recorded event as the exact bytes that are hashed; the other columns are derived from them';
comment on column entry.principal is 'Whom the participant acted for under a mandate, if anyone';
comment on column entry.place is 'Where it happened (the read point), if that is a place of the register';
alter table entry alter column bytes set storage external; -- Small and already dense: compressing each cost more than it saved.

-- Event ids are unique across logs, so their directory is keyed by the id alone (its SHA-256, cut to 16 bytes).
create table event_directory (
    event_key       uuid     primary key,
    content_digest  uuid     not null,
    position        bigint   not null,
    log_id          smallint not null
);

-- What one entry did to one object; the last row of an object is its state (D4).
create table step (
    object_id  bigint   not null,
    position   bigint   not null,
    parent     bigint,
    opened     bigint,
    owner_at   bigint,
    owner      integer,
    holder     integer,
    addressee  integer,
    sender     integer,
    contents   integer,
    log_id     smallint not null,
    state      smallint not null,
    flags      smallint not null default 0,
    primary key (log_id, object_id, position)
) partition by range (object_id);
comment on column step.parent is 'The object it is packed in';
comment on column step.opened is 'For a container: the position at which it was last opened; what was packed before does not count';
comment on column step.owner_at is 'The position at which this owner was named; null when that is this step itself';
comment on column step.contents is 'For a container: how many objects are directly in it';
comment on column step.sender is 'While under way: who sent it';
create index step_parent on step (log_id, parent, position, object_id) where parent is not null;

-- SSCCs are unique across logs too.
create table logistic_unit_directory (
    object_id  bigint   primary key check (object_id < 0),
    log_id     smallint not null
);

-- Code lists that are too long for an entry, served by their digest (D6).
create table code_list (
    digest  bytea   primary key check (octet_length(digest) = 32),
    count   integer not null,
    bytes   bytea   not null
);
comment on column code_list.bytes is 'Deflated text: one GS1 Digital Link a line; the digest is over the text';
alter table code_list alter column bytes set storage external;

-- Partitions: entries by range of position, steps by range of object id (by position the last step would have to be sought in
-- every one). 2^26 entries and 2^15 orders a partition.
create function make_entry_partition(n integer) returns void
    language plpgsql security definer set search_path = tamga, pg_temp as
$$
declare name text := format('entry_%s', n);
begin
    if to_regclass(name) is not null then return; end if;
    execute format('create table %I partition of entry for values from (%s) to (%s)', name, n::bigint << 26, (n + 1)::bigint << 26);
    perform guard_append_only(name::regclass);
    execute format('alter table %I alter column bytes set storage external', name);
end
$$;

create function make_step_partition(n integer) returns void
    language plpgsql security definer set search_path = tamga, pg_temp as
$$
declare name text := format('step_%s', n);
begin
    if to_regclass(name) is not null then return; end if;
    execute format('create table %I partition of step for values from (%s) to (%s)', name, n::bigint << 36, (n + 1)::bigint << 36);
    perform guard_append_only(name::regclass);
end
$$;

-- Called at start and now and then: the partition in use and the one after it. Takes its lock only when one is missing.
create function make_partitions(log_size bigint, order_no integer) returns void
    language plpgsql security definer set search_path = tamga, pg_temp as
$$
begin
    for ahead in 0..1 loop
        perform make_entry_partition((log_size >> 26)::integer + ahead);
        perform make_step_partition((order_no >> 15) + ahead);
    end loop;
end
$$;

-- A product group may name a log of its own; its first use makes it. The lock row comes with it, or nobody could write there.
create function make_log(log_name text) returns smallint
    language plpgsql security definer set search_path = tamga, pg_temp as
$$
declare found smallint;
begin
    select id into found from log where name = log_name;
    if found is not null then return found; end if;
    lock table log in share row exclusive mode;
    insert into log (id, name) select max(id) + 1, log_name from log on conflict (name) do nothing;
    select id into found from log where name = log_name;
    insert into log_lock (log_id) values (found) on conflict do nothing;
    return found;
end
$$;

create table step_logistic partition of step for values from (minvalue) to (0);
create table step_claimed partition of step for values from (4503599627370496) to (maxvalue);
select make_partitions(0, 0);

select guard_append_only(name::regclass)
from unnest(array['log', 'head', 'entry', 'event_directory', 'step', 'step_logistic', 'step_claimed', 'logistic_unit_directory', 'code_list']) as name;

revoke all on function make_log(text), make_entry_partition(integer), make_step_partition(integer), make_partitions(bigint, integer) from public;
grant execute on function make_log(text), make_partitions(bigint, integer) to tamga_app;
grant select, insert on head, entry, event_directory, step, logistic_unit_directory, code_list to tamga_app;
grant select on log, log_lock to tamga_app;
grant update (dummy) on log_lock to tamga_app;
grant select on log, head, entry, event_directory, step, logistic_unit_directory, code_list to tamga_auditor;
