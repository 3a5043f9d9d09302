-- Corrections: an error declaration takes back what an earlier entry did, by further steps; nothing is removed (EPCIS 2.0, section
-- 7.4.1.2). Where somebody else has acted since, he is asked first.

-- One row for each entry that does not count any more: the event that was taken back, and the entries that settled parts of it.
create table taken_back (
    position       bigint   not null,
    taken_back_at  bigint   not null,
    log_id         smallint not null,
    primary key (log_id, position)
);
comment on column taken_back.taken_back_at is 'The entry that declares it an error';
create index taken_back_declaration on taken_back (log_id, taken_back_at);

-- What waited and came to nothing because of something that was taken back since, waits again; and may be settled again.
create table waiting_revived (
    position    bigint   not null,
    object_id   bigint   not null,
    settled_at  bigint   not null,
    revived_at  bigint   not null,
    log_id      smallint not null,
    primary key (log_id, position, object_id, settled_at)
);
alter table waiting_settled drop constraint waiting_settled_pkey, add primary key (log_id, position, object_id, settled_at);

-- Codes that go back to the printer: used once, and not any more. Rare, so that counting an order stays cheap.
create index step_unborn on step (log_id, object_id, position) where state = 0;

-- A new code that took the place of an old one.
create table replacement (
    object_id  bigint   not null,
    replaces   bigint   not null,
    position   bigint   not null,
    log_id     smallint not null,
    primary key (log_id, object_id, position)
);
create index replacement_replaces on replacement (log_id, replaces);

create table correction (
    no            integer     generated always as identity primary key,
    id            text        not null unique,
    at            timestamptz not null,
    expires_at    timestamptz not null,
    log_id        smallint    not null,
    position      bigint      not null,
    event_id      text        not null,
    reason        text        not null check (reason in ('did_not_occur', 'incorrect_data')),
    text          text,
    participant   integer     not null references participant,
    key_no        integer     not null references api_key
);
comment on table correction is 'Somebody asks those who acted after him whether his event may be taken back';
create index correction_participant on correction (participant, no);

create table correction_asked (
    correction_no  integer not null references correction,
    participant    integer not null references participant,
    primary key (correction_no, participant)
);
create index correction_asked_participant on correction_asked (participant, correction_no);

create table correction_answer (
    correction_no  integer     not null,
    participant    integer     not null,
    at             timestamptz not null,
    key_no         integer     not null references api_key,
    agree          boolean     not null,
    text           text,
    primary key (correction_no, participant),
    foreign key (correction_no, participant) references correction_asked
);

select guard_append_only(name::regclass)
from unnest(array['taken_back', 'waiting_revived', 'replacement', 'correction', 'correction_asked', 'correction_answer']) as name;
grant select, insert on taken_back, waiting_revived, replacement, correction, correction_asked, correction_answer to tamga_app;
grant select on taken_back, waiting_revived, replacement, correction, correction_asked, correction_answer to tamga_auditor;
