-- Proof (design D7): each log is a C2SP tlog-tiles log. Insert-only like the ledger itself: what was signed stays.

-- Who signs for a log. The newest row counts: a log that can no longer prove that it continues what it signed (a restored backup)
-- begins anew under another origin and key, and nothing is ever signed with the old one again.
create table log_key (
    log_id      smallint    not null,
    no          integer     not null check (no > 0),
    origin      text        not null unique,
    public_key  bytea       not null check (octet_length(public_key) = 32),
    secret      bytea       not null,
    from_size   bigint      not null check (from_size >= 0),
    reason      text        not null,
    created_at  timestamptz not null default clock_timestamp(),
    primary key (log_id, no)
);
comment on column log_key.secret is 'Ed25519 seed, sealed under the master key';
comment on column log_key.from_size is 'How many entries the log had when this key took over';

-- A log that signs two roots for one size is finished: the key makes a second one impossible, the follower's lock makes it pointless.
create table checkpoint (
    log_id        smallint    not null,
    key_no        integer     not null,
    size          bigint      not null check (size >= 0),
    root          bytea       not null check (octet_length(root) = 32),
    note          text        not null,
    published_at  timestamptz not null default clock_timestamp(),
    primary key (log_id, key_no, size)
);
comment on table checkpoint is 'Signed and committed before anybody sees it';

create table cosignature (
    log_id       smallint    not null,
    key_no       integer     not null,
    size         bigint      not null,
    witness      text        not null,
    line         text        not null,
    received_at  timestamptz not null default clock_timestamp(),
    primary key (log_id, key_no, size, witness)
);
comment on column cosignature.witness is 'Name and key id, as they stand in the line';

-- Full tiles only: 256 hashes. Partial ones follow from the entries (level 0) or from the roots of the level below.
create table tile (
    log_id  smallint not null,
    level   smallint not null check (level between 0 and 63),
    no      bigint   not null check (no >= 0),
    root    bytea    not null check (octet_length(root) = 32),
    hashes  bytea    not null check (octet_length(hashes) = 8192),
    primary key (log_id, level, no)
);
alter table tile alter column hashes set storage external; -- Hashes do not compress.

-- Which entries name a code list: who may see one of them may see the list.
create table code_list_use (
    digest    bytea    not null check (octet_length(digest) = 32),
    position  bigint   not null,
    log_id    smallint not null,
    primary key (digest, log_id, position)
);

select guard_append_only(name::regclass)
from unnest(array['log_key', 'checkpoint', 'cosignature', 'tile', 'code_list_use']) as name;
grant select, insert on log_key, checkpoint, cosignature, tile, code_list_use to tamga_app;
grant select on checkpoint, cosignature, tile, code_list_use to tamga_auditor;
grant select (log_id, no, origin, public_key, from_size, reason, created_at) on log_key to tamga_auditor;
