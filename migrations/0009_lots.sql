-- What goods have in common since they were marked: lot and dates (the ILMD of EPCIS), and what was said about them later.

create table ilmd (
    position    bigint         not null,
    log_id      smallint       not null,
    lot         text,
    production  date,
    expiry      date,
    objects     int8multirange not null,
    primary key (log_id, position)
);
comment on table ilmd is 'Lot, production and expiry date of the objects that one entry commissioned; columns derived from the entry';
comment on column ilmd.objects is 'The ids of those objects; ids of an order are dense, so these are few ranges';
create index ilmd_lot on ilmd (lot) where lot is not null;

-- A recall by GTIN and lot, or the block of a single code by an authority. Lifted only by who set it.
create table recall (
    no           integer     generated always as identity primary key,
    id           text        not null unique,
    at           timestamptz not null,
    participant  integer     not null,
    person       integer,
    gtin         text,
    lot          text,
    object_id    bigint,
    reason       text        not null,
    legal_basis  text,
    check ((gtin is null) <> (object_id is null)),
    check (lot is null or gtin is not null)
);
create index recall_gtin on recall (gtin) where gtin is not null;
create index recall_object on recall (object_id) where object_id is not null;

create table recall_end (
    recall_no    integer     primary key references recall,
    at           timestamptz not null,
    participant  integer     not null,
    person       integer,
    reason       text        not null
);

select guard_append_only(name::regclass) from unnest(array['ilmd', 'recall', 'recall_end']) as name;
grant select, insert on ilmd, recall, recall_end to tamga_app;
grant select on ilmd, recall, recall_end to tamga_auditor;
