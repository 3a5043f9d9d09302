-- What is under way under a document, until when somebody owes an answer (issue: receiving by document, deadlines).

create table transit (
    position    bigint      not null,
    log_id      smallint    not null,
    record_time timestamptz not null,
    sender      integer     not null,
    addressee   integer     not null,
    carrier     integer,
    documents   text[]      not null,
    primary key (log_id, position)
);
comment on table transit is 'One shipping entry towards a participant; columns derived from the entry';
comment on column transit.documents is 'The URIs of its business transactions, and what stands behind their last colon';
create index transit_document on transit using gin (documents);
create index transit_record_time on transit (record_time);

-- Transits whose deadline was looked at: a finding was opened if something was still under way.
create table transit_reported (
    position    bigint      not null,
    log_id      smallint    not null,
    reported_at timestamptz not null,
    primary key (log_id, position)
);

select guard_append_only(name::regclass) from unnest(array['transit', 'transit_reported']) as name;
grant select, insert on transit, transit_reported to tamga_app;
grant select on transit, transit_reported to tamga_auditor;
