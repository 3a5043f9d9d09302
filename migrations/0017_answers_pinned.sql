-- Answers and resolutions of findings (design D14) are pinned in the log `audit` like the findings themselves: otherwise what a party
-- said, or how it was decided, could be changed afterwards.

create table finding_answer_pin (
    kind      text     not null check (kind in ('response', 'resolution')),
    no        bigint   not null,
    log_id    smallint not null,
    position  bigint   not null,
    primary key (kind, no)
);
comment on table finding_answer_pin is 'Which entry of audit pins a response (by its number) or the resolution of a finding (by the finding''s)';

select guard_append_only('finding_answer_pin'::regclass);
grant select, insert on finding_answer_pin to tamga_app;
grant select on finding_answer_pin to tamga_auditor;
