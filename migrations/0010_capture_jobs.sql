-- Capture jobs (EPCIS 2.0, section 8.2.7): a document that was accepted, and what became of its events. A register, not part of the
-- ledger: what was recorded stands there; a job only says how far the document is.

create table capture_job (
    no             bigint      generated always as identity primary key,
    id             text        not null unique,
    participant_no integer     not null,
    principal_no   integer,
    actor          jsonb       not null,
    behaviour      text        not null check (behaviour in ('rollback', 'proceed')),
    created_at     timestamptz not null,
    finished_at    timestamptz,
    success        boolean     not null default true,
    events         integer     not null check (events > 0),
    log            text,
    done           integer     not null default 0 check (done between 0 and events),
    recorded       integer     not null default 0 check (recorded between 0 and events),
    error_count    integer     not null default 0,
    errors         jsonb       not null default '[]'
);
comment on column capture_job.actor is 'Who sent the document, as of then: whoever goes on with it after a crash acts for him';
comment on column capture_job.log is 'The log of all goods that the document names; null where they are of several, or none is known';
comment on column capture_job.done is 'Events that are decided; whoever goes on with the job begins behind them';
comment on column capture_job.errors is 'Problem documents, the first hundred; error_count says how many';
create index capture_job_participant on capture_job (participant_no, no);
create index capture_job_principal on capture_job (principal_no, no) where principal_no is not null;
-- What is left to do, by whose turn it is.
create index capture_job_open on capture_job (participant_no, no) where finished_at is null;

-- The document itself, compressed (raw deflate), until its job is finished.
create table capture_document (
    job_no  bigint  primary key references capture_job,
    length  integer not null check (length > 0),
    bytes   bytea   not null
);
comment on column capture_document.length is 'Bytes before compression';
alter table capture_document alter column bytes set storage external; -- It is compressed already.

grant select, insert, update on capture_job to tamga_app;
grant select, insert, delete on capture_document to tamga_app;
grant select on capture_job to tamga_auditor;
