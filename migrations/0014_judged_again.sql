-- Late truth in its order (design D11): a fact that comes late is judged where it belongs, and what was judged before it although it
-- happened later is judged again. For that every fact that was recorded without a line is kept as a claim, not only those that wait:
-- what took effect at once has rows in waiting_settled that say so.

create index waiting_settled_at on waiting_settled (log_id, settled_at);
create index waiting_revived_settled_at on waiting_revived (log_id, settled_at);

comment on table waiting is 'Facts recorded without a line: what the judge is asked again when something comes that happened before';
comment on column waiting_settled.settled_at is 'The entry by which it took effect for this object: its own, where it did not have to wait';
comment on table waiting_revived is 'What took effect, or came to nothing, too early: it waits again, and may be settled again';
