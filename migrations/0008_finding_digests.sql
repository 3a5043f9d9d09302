-- Digests of findings (design D14): what was noticed is pinned in the log `audit`, so that no finding can be made to vanish.

create table finding_digest (
    to_no    bigint      primary key,
    from_no  bigint      not null check (from_no <= to_no),
    count    integer     not null check (count > 0),
    sha256   bytea       not null check (octet_length(sha256) = 32),
    at       timestamptz not null,
    log_id   smallint    not null,
    position bigint      not null
);
comment on table finding_digest is 'Which findings the entry of the log audit at this position pins; the next digest begins after to_no';
comment on column finding_digest.sha256 is 'Over the findings from from_no to to_no in order, each a line of canonical JSON';

-- A receipt that is sent again is told again why its lines were refused.
create index finding_event on finding (event_key) where event_key is not null;

select guard_append_only('finding_digest'::regclass);
grant select, insert on finding_digest to tamga_app;
grant select on finding_digest to tamga_auditor;
