-- Affairs, their clocks, and the entries each clock is replayed from.
create table sla_monitor.affair (
    affair_id         uuid        not null,
    kind              text        not null,
    customer_id       uuid,
    subject_type      text        not null,
    sector            text        not null,
    topic             text        not null,
    department        text        not null,
    first_received_at timestamptz not null,
    entry_count       bigint      not null default 1,
    constraint affair_pkey primary key (affair_id),
    constraint affair_kind_known check (kind in ('ticket', 'case'))
);
comment on table sla_monitor.affair is 'What the ledgers of ticketing and of the office said about a ticket or case: enough to choose rules and to explain the choice.';
comment on column sla_monitor.affair.sector is 'Sector of a ticket; regime of a case.';
comment on column sla_monitor.affair.entry_count is 'Ledger entries about the affair that were applied here.';

create table sla_monitor.clock (
    clock_id        uuid        not null,
    affair_id       uuid        not null,
    subject         text        not null,
    customer_id     uuid,
    rule            text        not null,
    rule_version    integer     not null,
    kind            text        not null,
    stage           text        not null,
    calendar        text        not null,
    subject_type    text        not null,
    department      text        not null,
    state           text        not null,
    epoch           integer     not null,
    first_origin_at timestamptz not null,
    origin_at       timestamptz not null,
    due_at          timestamptz,
    settled_at      timestamptz,
    breached_at     timestamptz,
    traceparent     text        not null,
    version         bigint      not null default 1,
    constraint clock_pkey primary key (clock_id),
    constraint clock_once_per_subject_and_rule unique (subject, rule),
    constraint clock_kind_known check (kind in ('sla', 'ola', 'uc', 'statutory')),
    constraint clock_state_known check (state in ('scheduled', 'running', 'paused', 'fulfilled', 'cancelled')),
    constraint clock_epoch_from_one check (epoch >= 1),
    constraint clock_settled_when_ended check ((settled_at is not null) = (state in ('fulfilled', 'cancelled'))),
    constraint clock_due_while_running check (state <> 'running' or due_at is not null)
);
create index clock_affair_idx on sla_monitor.clock (affair_id);
create index clock_customer_idx on sla_monitor.clock (customer_id, first_origin_at, clock_id);
create index clock_first_origin_idx on sla_monitor.clock (first_origin_at, clock_id);
comment on table sla_monitor.clock is 'One obligation. State, epoch and the four instants are derived from clock_entry by the pure replay, in the transaction that adds an entry.';
comment on column sla_monitor.clock.subject is 'Resource name: tickets/{id}, cases/{id} or tickets/{id}/promises/{id}.';
comment on column sla_monitor.clock.breached_at is 'The due instant that passed unmet; a dated fact. A late entry that shows fulfilment in time takes it back.';
comment on column sla_monitor.clock.traceparent is 'Trace context of what started it, so that a warning weeks later links to it.';

create table sla_monitor.clock_entry (
    clock_id    uuid        not null,
    seq         integer     not null,
    kind        text        not null,
    ground      text        not null default '',
    until_at    timestamptz,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    source      text        not null,
    position    bigint      not null,
    constraint clock_entry_pkey primary key (clock_id, seq),
    constraint clock_entry_kind_known check (kind in ('started', 'started_until', 'hindered', 'unhindered', 'fulfilled',
                                                      'cancelled', 'forfeited', 'reopened')),
    constraint clock_entry_until_where_fixed check ((kind = 'started_until') = (until_at is not null))
);
comment on table sla_monitor.clock_entry is 'Append-only input of the replay: what happened to the clock, and which ledger entry said so.';

create function sla_monitor.clock_entry_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'the entries of a clock are append-only' using errcode = 'restrict_violation';
end $$;
create trigger clock_entry_append_only before update or delete on sla_monitor.clock_entry
    for each row execute function sla_monitor.clock_entry_is_append_only();
