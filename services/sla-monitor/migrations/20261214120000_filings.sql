-- What a ticket was filed as before it was filed as something else: a policy that is tried on the past holds from when the ticket came to be of it, and
-- lets go of what ceased to be.
create table sla_monitor.affair_filing (
    affair_id    uuid        not null,
    seq          bigint      not null,
    occurred_at  timestamptz not null,
    subject_type text        not null,
    sector       text        not null,
    topic        text        not null,
    severity     text        not null,
    types        integer     not null,
    topics       integer     not null,
    constraint affair_filing_pkey primary key (affair_id, seq)
);
comment on table sla_monitor.affair_filing is 'What a ticket had been filed as until it was filed as something else. Append-only; nothing of what was filed before this table.';
comment on column sla_monitor.affair_filing.seq is 'The last entry about the affair that was applied before, counted by affair.entry_count, as affair_event counts them.';
comment on column sla_monitor.affair_filing.occurred_at is 'When it was filed as something else.';
comment on column sla_monitor.affair_filing.types is 'How many of affair.types it had been filed as by then, the first of them; topics likewise.';
create trigger affair_filing_append_only before update or delete on sla_monitor.affair_filing
    for each row execute function sla_monitor.clock_entry_is_append_only();
