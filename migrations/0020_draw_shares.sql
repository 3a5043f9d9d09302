-- Secrets of other institutions for the draws of a shift, handed in before it: what a post without a line has instead of a beacon.
create table draw_share (
    shift        text    not null,
    participant  integer not null references participant,
    commitment   bytea   not null check (octet_length(commitment) = 32),
    secret       bytea   not null,
    position     bigint  not null,
    primary key (shift, participant)
);
comment on column draw_share.secret is 'Sealed under the master key until the shift is over';

select guard_append_only('draw_share'::regclass);
grant select, insert on draw_share to tamga_app;
grant select (shift, participant, commitment, position) on draw_share to tamga_auditor;
