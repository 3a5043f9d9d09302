-- The declarations that were open before 0023, without a lock: one that is released meanwhile may stand here, and is not shown.
insert into declaration_open (id)
select d.id from declaration d
where coalesce((select kind from border_act where subject = d.id and kind in ('decided', 'raised', 'inspected', 'released', 'outcome')
                order by position desc limit 1), 'lodged') not in ('released', 'outcome')
  and not exists (select from border_act where subject = d.id and kind = 'outcome')
on conflict do nothing;
