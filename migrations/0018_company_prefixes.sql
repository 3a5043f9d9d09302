-- The GS1 company prefixes that participants were given. No key tells how long its prefix is; EPC URIs and most tags say it.
-- Runs as tamga_owner. No prefix begins with another: who inserts looks first, one at a time.
create table company_prefix (
    prefix          text primary key check (prefix ~ '^[0-9]{6,12}$'),
    participant_no  integer not null references participant,
    created_at      timestamptz not null default now()
);

create index company_prefix_participant on company_prefix (participant_no);

grant select, insert on company_prefix to tamga_app;
grant select on company_prefix to tamga_auditor;
