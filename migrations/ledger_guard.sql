-- Against DROP and ALTER (design D10): what the owner of the tables could still do to them, and triggers on rows cannot stop.
-- Not a migration: event triggers belong to a superuser. The service runs this at its start where DATABASE_URL logs in as one; where
-- not, an administrator may: psql -v ON_ERROR_STOP=1 -1 -f migrations/ledger_guard.sql. Safe to run again.
--
-- It looks after each command instead of forbidding words: partitions are made while the service runs, and migrations add columns.
-- Whatever was behind its triggers once must stay so, with every column that it had.

create schema if not exists tamga_guard;
revoke all on schema tamga_guard from public;

drop event trigger if exists tamga_ledger_kept;
drop event trigger if exists tamga_ledger_not_rewritten;

create table if not exists tamga_guard.kept (
    relation  regclass primary key,
    name      text     not null,
    owner     oid      not null,
    parent    regclass,
    columns   text[]   not null,
    guard     text     not null
);
comment on table tamga_guard.kept is 'Every append-only table and partition as it was when it was guarded; guard is the text of its trigger function';

-- Each table with both triggers on, always.
create or replace view tamga_guard.guarded as
select c.oid::regclass as relation, c.relname::text as name, c.relowner as owner,
       (select inhparent::regclass from pg_inherits where inhrelid = c.oid) as parent,
       (select array_agg(format('%s %s %s', attnum, attname, atttypid::regtype) order by attnum) from pg_attribute
        where attrelid = c.oid and attnum > 0 and not attisdropped) as columns,
       min(p.prosrc) as guard
from pg_class c
-- By name: a view that names the schema as a value would go with it.
join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'tamga'
join pg_trigger t on t.tgrelid = c.oid and t.tgname in ('append_only', 'append_only_truncate') and t.tgenabled = 'A'
join pg_proc p on p.oid = t.tgfoid
where c.relkind in ('r', 'p') and c.relpersistence = 'p' and not c.relrowsecurity
  and not exists (select from pg_rewrite where ev_class = c.oid)
  and exists (select from pg_index where indrelid = c.oid and indisprimary)
group by c.oid having count(*) = 2 and min(p.prosrc) = max(p.prosrc);

create or replace function tamga_guard.keep_ledger() returns event_trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    lost text;
begin
    select string_agg(k.name, ', ' order by k.name) into lost
    from tamga_guard.kept k left join tamga_guard.guarded g using (relation)
    where g.relation is null or g.name <> k.name or g.owner <> k.owner or g.parent is distinct from k.parent
       or not g.columns @> k.columns or g.guard <> k.guard;
    if lost is not null then
        raise exception '% is not allowed: it would change or unguard %', tg_tag, lost
            using errcode = 'insufficient_privilege',
                  hint = 'What was recorded stays. Columns may be added; a superuser who must do more says so (ALTER EVENT TRIGGER … DISABLE).';
    end if;
    insert into tamga_guard.kept (relation, name, owner, parent, columns, guard)
    select g.relation, g.name, g.owner, g.parent, g.columns, g.guard from tamga_guard.guarded g
    where not exists (select from tamga_guard.kept k where k.relation = g.relation and k.columns = g.columns)
    on conflict (relation) do update set columns = excluded.columns;
end $$;

create or replace function tamga_guard.refuse_rewrite() returns event_trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    what regclass := pg_event_trigger_table_rewrite_oid();
begin
    if exists (select from tamga_guard.kept where relation = what) then
        raise exception '% is not allowed: it would write every row of % anew', tg_tag, what
            using errcode = 'insufficient_privilege', hint = 'What was recorded stays. Add a column without a computed default.';
    end if;
end $$;

revoke all on all functions in schema tamga_guard from public;

delete from tamga_guard.kept;
insert into tamga_guard.kept (relation, name, owner, parent, columns, guard)
select relation, name, owner, parent, columns, guard from tamga_guard.guarded;

create event trigger tamga_ledger_kept on ddl_command_end
    when tag in ('ALTER FUNCTION', 'ALTER RULE', 'ALTER SCHEMA', 'ALTER TABLE', 'ALTER TRIGGER', 'CREATE FUNCTION', 'CREATE RULE',
                 'CREATE TABLE', 'CREATE TRIGGER', 'DROP FUNCTION', 'DROP INDEX', 'DROP OWNED', 'DROP ROUTINE', 'DROP SCHEMA',
                 'DROP TABLE', 'DROP TRIGGER', 'DROP TYPE')
    execute function tamga_guard.keep_ledger();
create event trigger tamga_ledger_not_rewritten on table_rewrite execute function tamga_guard.refuse_rewrite();
alter event trigger tamga_ledger_kept enable always;
alter event trigger tamga_ledger_not_rewritten enable always;
