-- Which acts with draws stand in a published list (`draws_listed`) of their shift: what is not presented yet waits for a later one.
create table draw_listed (
    position  bigint primary key references border_act,
    list      bigint not null
);
comment on table draw_listed is 'Acts whose draws were published';
comment on column draw_listed.list is 'The act draws_listed that has them, by its position in the log customs';

select guard_append_only('draw_listed'::regclass);
grant select, insert on draw_listed to tamga_app;
grant select on draw_listed to tamga_auditor;
