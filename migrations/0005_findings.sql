-- Findings (design D14): something wrong that was noticed. Append-only beside the ledger; answers and resolutions are rows of their own.

create table finding (
    no           bigint      generated always as identity primary key,
    id           text        not null unique,
    opened_at    timestamptz not null,
    kind         text        not null,
    code         text        not null,
    participant  integer     not null,
    principal    integer,
    person       integer,
    log_id       smallint    not null,
    position     bigint,
    event_key    uuid,
    concerned    integer[]   not null default '{}',
    object_count integer     not null,
    detail       jsonb       not null
);
comment on table finding is 'Who claimed what, when, and why it was refused or doubted';
comment on column finding.kind is 'refused: nothing was recorded; observed: recorded in a group that only observes; doubted: recorded lawfully, yet remarkable';
comment on column finding.position is 'The entry that it is about; null where nothing was recorded';
comment on column finding.concerned is 'Who may see it: the claimant and those whose goods it is about';
create index finding_participant on finding (participant, no);
create index finding_concerned on finding using gin (concerned);

create table finding_object (
    object_id  bigint not null,
    finding_no bigint not null references finding,
    primary key (object_id, finding_no)
);

create table finding_response (
    no          bigint      generated always as identity primary key,
    finding_no  bigint      not null references finding,
    at          timestamptz not null,
    participant integer     not null,
    person      integer,
    text        text        not null,
    documents   jsonb       not null default '[]'
);
create index finding_response_finding on finding_response (finding_no);

create table finding_resolution (
    finding_no  bigint      primary key references finding,
    at          timestamptz not null,
    participant integer     not null,
    person      integer,
    resolved_as text        not null check (resolved_as in ('confirmed', 'explained', 'ours')),
    legal_basis text,
    text        text        not null
);

select guard_append_only(name::regclass) from unnest(array['finding', 'finding_object', 'finding_response', 'finding_resolution']) as name;
grant select, insert on finding, finding_object, finding_response, finding_resolution to tamga_app;
grant select on finding, finding_object, finding_response, finding_resolution to tamga_auditor;
