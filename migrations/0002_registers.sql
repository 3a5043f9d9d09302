-- The registers: who takes part, who acts for them, what they may mark.
-- Ordinary tables: rows are updated where the law of the register allows it. What happened to goods is in the ledger.
-- Runs as tamga_owner. `no` is the compact key inside, `id` the public one; references always go by `no`.

-- Who takes part: a firm or an authority.
create table participant (
    no          integer generated always as identity primary key,
    id          text not null unique,
    name        text not null check (name <> ''),
    country     text not null check (country ~ '^[A-Z]{2}$'),
    roles       text[] not null check (
        cardinality(roles) > 0
        and roles <@ array['operator', 'producer', 'importer', 'distributor', 'carrier', 'warehouse', 'broker',
                           'retailer', 'customs', 'agency', 'auditor', 'partner']
    ),
    gln         text unique check (gln ~ '^[0-9]{13}$'),
    tax_id      text,
    created_at  timestamptz not null default now()
);

-- The person who acts for a participant. Where two are needed, two persons are (D15).
create table person (
    no              integer generated always as identity primary key,
    id              text not null unique,
    participant_no  integer not null references participant,
    name            text not null check (name <> ''),
    office          text,
    created_at      timestamptz not null default now(),
    unique (participant_no, no)
);

-- Where things happen.
create table place (
    no              integer generated always as identity primary key,
    id              text not null unique,
    participant_no  integer not null references participant,
    gln             text unique check (gln ~ '^[0-9]{13}$'),
    name            text not null check (name <> ''),
    kind            text not null check (kind <> ''),
    country         text not null check (country ~ '^[A-Z]{2}$'),
    lat             numeric(8, 6) not null check (lat between -90 and 90),
    lon             numeric(9, 6) not null check (lon between -180 and 180),
    radius_m        integer check (radius_m > 0),
    town            text,
    licence         text,
    created_at      timestamptz not null default now()
);

create index place_participant on place (participant_no, no);

-- Keys are stored as keyed hashes only; the text is shown once.
create table api_key (
    no              integer generated always as identity primary key,
    id              text not null unique,
    participant_no  integer not null references participant,
    hash            bytea not null unique check (octet_length(hash) = 32),
    label           text,
    kind            text not null check (kind in ('system', 'device', 'person')),
    person_no       integer,
    place_no        integer references place,
    steps           text[],
    state           text not null check (state in ('pending', 'active')),
    -- The word of a second customs person (D15), where one is needed.
    confirmed_by    integer references person,
    confirmed_at    timestamptz,
    -- The first operator's key comes from the environment; changing it there revokes the former one.
    bootstrap       boolean not null default false,
    created_at      timestamptz not null default now(),
    created_by      integer references api_key,
    expires_at      timestamptz,
    revoked_at      timestamptz,
    check ((kind = 'person') = (person_no is not null)),
    -- A key of one participant never names another's person.
    foreign key (participant_no, person_no) references person (participant_no, no)
);

create index api_key_participant on api_key (participant_no, no);

-- Leave to act for another participant: what, for which GTINs, until when.
create table mandate (
    no            integer generated always as identity primary key,
    id            text not null unique,
    principal_no  integer not null references participant,
    agent_no      integer not null references participant,
    may           text[] not null check (cardinality(may) > 0),
    gtins         text[],
    until         timestamptz not null,
    created_at    timestamptz not null default now(),
    created_by    integer not null references api_key,
    withdrawn_at  timestamptz,
    check (principal_no <> agent_no)
);

create index mandate_agent on mandate (agent_no, principal_no);
create index mandate_principal on mandate (principal_no, no);

-- Data, not code: which tail, which log, and whether the judge refuses or only notes (D9).
create table product_group (
    no           integer generated always as identity primary key,
    id           text not null unique check (id ~ '^[a-z][a-z0-9-]{1,39}$'),
    name         text not null check (name <> ''),
    enforcement  text not null check (enforcement in ('observe', 'enforce')),
    tail         text not null check (tail in ('mac', 'signature')),
    log          text not null check (log ~ '^[a-z][a-z0-9_-]{0,31}$'),
    created_at   timestamptz not null default now()
);

insert into product_group (id, name, enforcement, tail, log) values
    ('alcohol', 'Alcohol', 'enforce', 'mac', 'main'),
    ('tobacco', 'Tobacco', 'enforce', 'mac', 'main');

-- What a GTIN stands for. Belongs to one producer or importer.
create table product (
    no                 integer generated always as identity primary key,
    gtin               text not null unique check (gtin ~ '^[0-9]{14}$'),
    owner_no           integer not null references participant,
    group_no           integer not null references product_group,
    name               text not null check (name <> ''),
    hs_code            text not null check (hs_code ~ '^[0-9]{4,10}$'),
    origin_country     text not null check (origin_country ~ '^[A-Z]{2}$'),
    net_content_value  numeric check (net_content_value > 0),
    net_content_unit   text,
    strength           numeric check (strength between 0 and 100),
    pack_level         text,
    created_at         timestamptz not null default now(),
    check ((net_content_value is null) = (net_content_unit is null))
);

create index product_owner on product (owner_no, no);
create index product_group_no on product (group_no);

-- What a higher level contains: a carton of ten packs has its own GTIN. By GTIN, for a carton may be registered
-- before its packs are, and by another.
create table product_content (
    product_no  integer not null references product,
    gtin        text not null check (gtin ~ '^[0-9]{14}$'),
    count       integer not null check (count > 0),
    primary key (product_no, gtin)
);

-- The right of an importer to order codes for a GTIN beside its owner. One row for each time it was claimed.
create table product_importer (
    no              integer generated always as identity primary key,
    product_no      integer not null references product,
    participant_no  integer not null references participant,
    since           timestamptz not null default now(),
    withdrawn_at    timestamptz,
    -- Who ended it. What the owner or the operator ended, the importer cannot claim again.
    withdrawn_by    integer references participant,
    check ((withdrawn_at is null) = (withdrawn_by is null))
);

create unique index product_importer_now on product_importer (product_no, participant_no) where withdrawn_at is null;

grant select, insert, update on participant, person, place, api_key, mandate, product_group, product, product_importer
    to tamga_app;
grant select, insert on product_content to tamga_app;
grant usage on all sequences in schema tamga to tamga_app;

-- The auditor reads the registers, but no key hashes.
grant select on participant, person, place, mandate, product_group, product, product_content, product_importer
    to tamga_auditor;
grant select (no, id, participant_no, label, kind, person_no, place_no, steps, state, confirmed_by, confirmed_at,
              created_at, created_by, expires_at, revoked_at) on api_key to tamga_auditor;
