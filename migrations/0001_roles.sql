-- Who may do what (design D10), and the guard that every append-only table stands behind.
-- Runs as tamga_owner in schema tamga; the roles and the schema are made before it, by whoever DATABASE_URL logs in as
-- (src/db/bootstrap.ts), because roles belong to the cluster and not to one database.
--
-- Nothing is granted by default: each migration grants what its tables need, and no more, to
--   tamga_app      the serving role: INSERT and SELECT on ledger tables; UPDATE only where a register changes
--   tamga_auditor  reads the log, never a key or a serial's tail

revoke all on schema tamga from public;
grant usage on schema tamga to tamga_app, tamga_auditor;
alter default privileges revoke execute on functions from public;

-- One row, made by the first start: what later starts must find again.
create table installation (
    only_one          boolean     primary key default true check (only_one),
    master_key_check  bytea       not null check (octet_length(master_key_check) = 32),
    created_at        timestamptz not null default now()
);
comment on column installation.master_key_check is 'Derived from the master key: tells another key from the right one, and nothing else';

-- What guard_append_only was called for: the start-up check of the service finds a guard that was taken away.
create table append_only_table (
    name  text primary key
);

create function refuse_change() returns trigger
    language plpgsql as $$
begin
    raise exception '% on % is not allowed: this table is append-only', tg_op, tg_table_name
        using errcode = 'insufficient_privilege',
              hint = 'What was recorded stays. Record what happened since as a new row.';
end $$;

-- Puts a table, its partitions, or a new partition behind triggers against UPDATE, DELETE and TRUNCATE.
-- Safe to call again, and in any order. ENABLE ALWAYS: session_replication_role = replica would switch ordinary triggers
-- off. Row triggers are inherited by partitions, TRUNCATE triggers are not: whoever makes a partition calls this for it.
create function guard_append_only("table" regclass) returns void
    language plpgsql set search_path = pg_catalog, tamga as $$
declare
    part regclass;
begin
    if not exists (select from pg_trigger where tgrelid = "table" and tgname = 'append_only') then
        -- A partition that was guarded before its table: the one it inherits takes the place of its own.
        for part in select relid from pg_partition_tree("table") where relid <> "table" loop
            execute format('drop trigger if exists append_only on %s', part);
        end loop;
        execute format('create trigger append_only before update or delete on %s
            for each row execute function tamga.refuse_change()', "table");
    end if;
    for part in select "table" union select relid from pg_partition_tree("table") loop
        if not exists (select from pg_trigger where tgrelid = part and tgname = 'append_only_truncate') then
            execute format('create trigger append_only_truncate before truncate on %s
                for each statement execute function tamga.refuse_change()', part);
        end if;
        execute format('alter table %s enable always trigger append_only', part);
        execute format('alter table %s enable always trigger append_only_truncate', part);
        execute format('revoke update, delete, truncate on %s from public, tamga_app, tamga_auditor', part);
    end loop;
    insert into append_only_table (name)
    select relname from pg_class where oid = "table" and not relispartition
    on conflict do nothing;
end $$;

select guard_append_only('installation');
grant select, insert on installation to tamga_app;
grant select on append_only_table to tamga_app, tamga_auditor;
