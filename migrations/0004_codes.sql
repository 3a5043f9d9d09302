-- Codes (design D3): orders, their blocks of 1,000, the keys of the verification tails, and serials that are not ours.
-- Everything here is insert-only: a block that could change would make every cache, download and unit id a guess.

-- Keys of verification tails. The newest of a kind is the active one; older ones go on verifying, so nothing is updated.
create table tail_key (
    no          integer generated always as identity primary key,
    id          text not null unique check (id ~ '^[0-9A-Z]{4}$'),
    kind        text not null check (kind in ('mac', 'signature')),
    secret      bytea not null,
    public_key  bytea,
    created_at  timestamptz not null default now(),
    created_by  integer references api_key,
    check ((kind = 'signature') = (public_key is not null))
);
comment on column tail_key.id is 'What AI 91 says';
comment on column tail_key.secret is 'Sealed under the master key: 32 bytes of HMAC key, or the Ed25519 private key as PKCS #8';
comment on column tail_key.public_key is 'Ed25519: 32 bytes';
create index tail_key_kind on tail_key (kind, no);

create table code_order (
    no              integer generated always as identity primary key,
    id              text not null unique,
    gtin            text not null references product (gtin),
    participant_no  integer not null references participant,
    key_no          integer not null references api_key,
    person_no       integer references person,
    mandate_no      integer references mandate,
    quantity        integer not null check (quantity between 1 and 2097151),
    origin          text not null check (origin in ('own', 'brought')),
    log             text not null,
    tail_key_no     integer not null references tail_key,
    created_at      timestamptz not null default now()
);
comment on column code_order.no is 'Is part of every own serial (6 characters, base 36) and of every unit id (no * 2^21 + 1 + rank)';
comment on column code_order.participant_no is 'Whose the codes are: the one that ordered, or its principal';
comment on column code_order.log is 'The log of the product group when the order was placed';
create index code_order_participant on code_order (participant_no, no);
create index code_order_gtin on code_order (gtin, no);

-- The random parts of an own order, sorted and packed. The primary key carries `first`, so that the index alone tells which
-- block may hold a random part; the block is then one heap page.
create table code_block (
    order_no  integer not null references code_order,
    block     integer not null check (block >= 0),
    first     text collate "C" not null check (first ~ '^[0-9A-Z]{8}$'),
    randoms   text collate "C" not null check (octet_length(randoms) between 8 and 8000 and octet_length(randoms) % 8 = 0),
    check (starts_with(randoms, first)),
    primary key (order_no, block) include (first)
);
comment on column code_block.randoms is 'Up to 1,000 random parts of 8 characters (upper-case base 36), ascending, nothing between them';
-- Random text does not compress, and 8,000 bytes fit a page: in the row itself it costs 8.2 bytes a code and one read.
alter table code_block alter column randoms set storage plain;

-- Serials that are not ours: brought along with an order, or claimed by an event in a group that only observes.
-- One table, because one serial of a GTIN must never mean two units. order_no is not declared as a reference: checking it row by
-- row made bringing 100,000 serials take 2.8 s instead of 1.2 s, and the order is inserted in the same transaction.
create sequence claimed_unit_id as bigint start with 4503599627370496;
create table foreign_serial (
    gtin      text collate "C" not null check (gtin ~ '^[0-9]{14}$'),
    serial    text collate "C" not null check (octet_length(serial) between 1 and 20),
    unit_id   bigint not null,
    order_no  integer,
    primary key (gtin, serial),
    check ((order_no is null) = (unit_id >= 4503599627370496)),
    check (order_no is null or unit_id >> 21 = order_no)
);
comment on column foreign_serial.unit_id is 'Brought along: order_no * 2^21 + 1 + index; claimed: 2^52 and up';
create unique index foreign_serial_unit on foreign_serial (unit_id) include (gtin, serial);

-- Counting what was voided of an order: states withdrawn (7) and stolen (8) are rare, so the index is small. What was used is the
-- number of objects with a step, which the primary key of step tells without the table.
create index step_voided on step (log_id, object_id, position) where state in (7, 8);

select guard_append_only(name::regclass)
from unnest(array['tail_key', 'code_order', 'code_block', 'foreign_serial']) as name;

grant select, insert on tail_key, code_order, code_block, foreign_serial to tamga_app;
grant usage on all sequences in schema tamga to tamga_app;
-- The auditor sees which codes exist, but nothing that makes a tail.
grant select on code_order, code_block, foreign_serial to tamga_auditor;
grant select (no, id, kind, public_key, created_at, created_by) on tail_key to tamga_auditor;
