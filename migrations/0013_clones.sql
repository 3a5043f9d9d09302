-- Copies of marks (issue: clones): what contradicts what was seen before. A follower compares each entry with its objects' past.

-- How far each log was read. Disposable: removing the rows makes the follower read everything again, and findings are kept once.
create table clone_cursor (
    log_id    smallint primary key,
    position  bigint   not null
);
comment on column clone_cursor.position is 'The first entry that was not compared yet';

-- Pairs of sightings of one object that exclude each other.
create table clone_suspicion (
    object_id       bigint   not null,
    position        bigint   not null,
    other_position  bigint   not null,
    log_id          smallint not null,
    code            text     not null,
    source          text     not null,
    other_source    text     not null,
    primary key (log_id, object_id, position, code)
);
comment on column clone_suspicion.source is 'The device (key) that reported the entry at position, or the participant where no key stands in it';

grant select, insert, update on clone_cursor to tamga_app;
grant select, insert on clone_suspicion to tamga_app;
grant select on clone_cursor, clone_suspicion to tamga_auditor;

-- A deadline is looked at once, whatever comes of it: positions up to the newest that was marked need not be read again.
comment on table waiting_reported is 'Facts whose deadline was looked at: a finding was opened if something still waited';
