-- The border (issue: the border). Every act of customs is an entry of the log `customs`; these tables are what the entries say, in a
-- form that can be asked. A row without its entry, or other than its entry says, is found by the verifier.

create table border_act (
    position     bigint      primary key,
    kind         text        not null,
    subject      text        not null,
    at           timestamptz not null,
    participant  integer     not null,
    person       integer,
    body         text        not null
);
comment on table border_act is 'What was done at the border: one row for each entry of the log customs';
comment on column border_act.subject is 'The public id of the declaration, profile, shift … that it is about';
comment on column border_act.participant is '0: the service itself';
comment on column border_act.body is 'Canonical JSON, exactly as the entry has it or names it by its SHA-256';
create index border_act_subject on border_act (subject, position);
create index border_act_kind on border_act (kind, position);

create table declaration (
    no           integer     generated always as identity primary key,
    id           text        not null unique,
    participant  integer     not null references participant,
    reference    text        not null,
    flow         text        not null check (flow in ('import', 'export', 'transit')),
    office       text        not null,
    lodged_at    timestamptz not null,
    position     bigint      not null,
    unique (participant, reference)
);
comment on column declaration.participant is 'The declarant';
create index declaration_lodged on declaration (lodged_at);

create table declared_line (
    declaration_no  integer        not null references declaration,
    version         integer        not null,
    item            integer        not null,
    log_id          smallint       not null,
    hs_code         text           not null,
    origin          text           not null,
    consignor       text           not null,
    amount          numeric        not null,
    currency        text           not null,
    pieces          numeric,
    units           int8multirange not null,
    primary key (declaration_no, version, item, log_id)
);
comment on table declared_line is 'Lines of declarations with the set of consumer units that was frozen at lodgement';
comment on column declared_line.log_id is '0: a line without codes';
create index declared_line_units on declared_line using gist (units);
create index declared_line_hs on declared_line (hs_code, origin);

-- What a declaration can be found by at the barrier: plates, containers, SSCCs, the reference.
create table declared_name (
    value           text    not null,
    declaration_no  integer not null references declaration,
    kind            text    not null,
    primary key (value, declaration_no, kind)
);

-- Whether goods of a heading must bear marks under a procedure. Dated: the law of the day of lodgement counts.
create table marking_due (
    no           integer generated always as identity primary key,
    hs_prefix    text    not null check (hs_prefix ~ '^[0-9]{2,10}$'),
    flow         text    not null check (flow in ('import', 'export', 'transit')),
    procedure    text    not null default '',
    from_day     date    not null,
    until_day    date,
    due          boolean not null,
    legal_basis  text    not null
);
comment on column marking_due.procedure is 'The beginning of the procedure code; empty: any';
insert into marking_due (hs_prefix, flow, procedure, from_day, due, legal_basis)
select hs, flow, '', date '2020-01-01', flow <> 'transit', 'Installation default; replace by the national list'
from unnest(array['2203', '2204', '2205', '2206', '2207', '2208', '2402', '2403', '2404']) as hs,
     unnest(array['import', 'export', 'transit']) as flow;

create table marking_exemption (
    code         text primary key check (code ~ '^[a-z][a-z_]{1,39}$'),
    name         text not null,
    legal_basis  text not null
);
insert into marking_exemption (code, name, legal_basis) values
    ('sample', 'Samples for exhibitions and certification', 'Installation default; replace by the national list'),
    ('personal_use', 'Goods for personal use', 'Installation default; replace by the national list'),
    ('diplomatic', 'Goods for diplomatic missions', 'Installation default; replace by the national list'),
    ('duty_free', 'Supplies of duty-free shops and vessels', 'Installation default; replace by the national list'),
    ('seized', 'Goods that an authority disposes of', 'Installation default; replace by the national list');

-- The secret of each shift's draw, sealed under the master key until it is revealed by an act.
create table draw_seed (
    shift       text        primary key,
    from_time   timestamptz not null,
    until_time  timestamptz not null,
    commitment  bytea       not null check (octet_length(commitment) = 32),
    secret      bytea       not null,
    position    bigint      not null
);

-- Key of the bar codes that drivers carry: Ed25519, sealed under the master key.
create table border_key (
    no          integer     generated always as identity primary key,
    public_key  bytea       not null,
    secret      bytea       not null,
    created_at  timestamptz not null default now()
);

-- What a container held when it was counted: valid as long as nothing was packed into it or taken out since.
create table container_summary (
    object_id  bigint         not null,
    position   bigint         not null,
    log_id     smallint       not null,
    units      int8multirange not null,
    inner_ids  bigint[]       not null,
    primary key (log_id, object_id, position)
);
comment on column container_summary.position is 'Its contents as of the entries before this position';

select guard_append_only(name::regclass)
from unnest(array['border_act', 'declaration', 'declared_line', 'declared_name', 'marking_due', 'marking_exemption', 'draw_seed',
                  'border_key', 'container_summary']) as name;
grant select, insert on border_act, declaration, declared_line, declared_name, draw_seed, border_key, container_summary to tamga_app;
grant select on marking_due, marking_exemption to tamga_app;
grant select on border_act, declaration, declared_line, declared_name, marking_due, marking_exemption, container_summary to tamga_auditor;
grant select (shift, from_time, until_time, commitment, position) on draw_seed to tamga_auditor;
