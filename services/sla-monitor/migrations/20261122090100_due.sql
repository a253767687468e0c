-- What falls due, and what was raised.
create table sla_monitor.due (
    clock_id uuid        not null,
    kind     text        not null,
    epoch    integer     not null,
    due_at   timestamptz not null,
    fire_at  timestamptz not null,
    constraint due_pkey primary key (clock_id, kind),
    constraint due_kind_known check (kind in ('warning50', 'warning75', 'warning90', 'breach')),
    constraint due_fires_when_due_or_later check (fire_at >= due_at)
);
create index due_fire_at_idx on sla_monitor.due (fire_at);
comment on table sla_monitor.due is 'Thresholds and due instants of running clocks that lie ahead, or were not raised yet.';
comment on column sla_monitor.due.fire_at is 'due_at, or later for a clock that was due before it was known: late entries about it get time to arrive.';

create table sla_monitor.raised (
    clock_id  uuid        not null,
    kind      text        not null,
    epoch     integer     not null,
    due_at    timestamptz not null,
    raised_at timestamptz not null,
    constraint raised_once primary key (clock_id, kind, epoch),
    constraint raised_kind_known check (kind in ('warning50', 'warning75', 'warning90', 'breach'))
);
comment on table sla_monitor.raised is 'Warnings and breaches that went into the ledger. The primary key is what makes each happen once per run of a clock.';
