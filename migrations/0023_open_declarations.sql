-- Declarations that may still want something, for the queue of a border post: of a million that are done, the few that are not must
-- not be sought for. Kept by the acts themselves, so that whoever records one, an older process among them, keeps it too. One that
-- was looked at again after its release may stand here although nothing is open; none that is open is missing. Those that were there
-- before are added by the next migration, for this one holds a lock on the acts.
create table declaration_open (
    id text primary key
);
comment on table declaration_open is 'Declarations without release or outcome since they last were decided; derived from border_act';

create function note_open_declaration() returns trigger
    language plpgsql security definer set search_path = tamga, pg_temp as
$$
begin
    if new.kind in ('released', 'outcome') then
        delete from declaration_open where id = new.subject;
    elsif new.kind in ('lodged', 'decided', 'raised', 'inspected')
        and not exists (select from border_act where subject = new.subject and kind = 'outcome') then
        insert into declaration_open (id) values (new.subject) on conflict do nothing;
    end if;
    return null;
end
$$;
create trigger note_open_declaration after insert on border_act for each row execute function note_open_declaration();

grant select on declaration_open to tamga_app, tamga_auditor;
