-- Boards over millions of clocks: sums by day, month and year, and which affairs changed since they were summed.

create table sla_monitor.board_changed (
    affair_id uuid   not null,
    seq       bigint not null generated always as identity,
    constraint board_changed_pkey primary key (affair_id, seq)
);
comment on table sla_monitor.board_changed is 'Affairs that changed since they were summed, once per statement that changed them. Written by whatever writes affairs and clocks, in its own transaction; taken away by who sums.';

-- With the rights of whoever owns the tables: a binary that runs while the schema grows may not write to the new one yet.
create function sla_monitor.board_has_changed() returns trigger language plpgsql
    security definer set search_path = pg_catalog, pg_temp as $$
begin
    insert into sla_monitor.board_changed (affair_id) select distinct affair_id from changed;
    return null;
end $$;
create trigger board_affair_added after insert on sla_monitor.affair
    referencing new table as changed for each statement execute function sla_monitor.board_has_changed();
create trigger board_affair_changed after update on sla_monitor.affair
    referencing new table as changed for each statement execute function sla_monitor.board_has_changed();
create trigger board_affair_gone after delete on sla_monitor.affair
    referencing old table as changed for each statement execute function sla_monitor.board_has_changed();
create trigger board_clock_added after insert on sla_monitor.clock
    referencing new table as changed for each statement execute function sla_monitor.board_has_changed();
create trigger board_clock_changed after update on sla_monitor.clock
    referencing new table as changed for each statement execute function sla_monitor.board_has_changed();
create trigger board_clock_gone after delete on sla_monitor.clock
    referencing old table as changed for each statement execute function sla_monitor.board_has_changed();

create table sla_monitor.board_state (
    only_row  boolean     not null default true,
    zone      text        not null,
    made_as   text        not null,
    begun_at  timestamptz not null,
    folded_at timestamptz not null,
    constraint board_state_pkey primary key (only_row),
    constraint board_state_one_row check (only_row)
);
comment on table sla_monitor.board_state is 'In what zone days are summed, in which version of lines and slots, when that was begun anew, and when something was summed last. Whoever sums holds the row.';
comment on column sla_monitor.board_state.zone is 'Empty before anything was summed, and where everything is to be summed anew.';
insert into sla_monitor.board_state (zone, made_as, begun_at, folded_at) values ('', '', '-infinity', now());

create table sla_monitor.board_affair (
    affair_id   uuid        not null,
    received_at timestamptz not null,
    entry_count bigint      not null,
    constraint board_affair_pkey primary key (affair_id)
);
comment on table sla_monitor.board_affair is 'What was summed of an affair.';

create table sla_monitor.board_label (
    label        integer not null generated always as identity,
    rule         text    not null,
    department   text    not null,
    subject_type text    not null,
    stage        text    not null,
    kind         text    not null,
    channel      text    not null,
    outcome      text    not null,
    team         text    not null,
    manager      text    not null,
    constraint board_label_pkey primary key (label),
    constraint board_label_once unique (rule, department, subject_type, stage, kind, channel, outcome, team, manager)
);
comment on table sla_monitor.board_label is 'What clocks are counted under, as a number.';

create table sla_monitor.board_clock (
    clock_id        uuid        not null,
    affair_id       uuid        not null,
    label           integer     not null,
    first_origin_at timestamptz not null,
    ended_as        text        not null,
    breached        boolean     not null,
    settle_micros   bigint,
    constraint board_clock_pkey primary key (clock_id),
    constraint board_clock_end_known check (ended_as in ('open', 'fulfilled', 'cancelled')),
    constraint board_clock_settles_where_fulfilled check ((settle_micros is not null) = (ended_as = 'fulfilled'))
);
create index board_clock_affair_idx on sla_monitor.board_clock (affair_id);
-- Percentiles: the few ranges of durations that hold one are read from the index alone.
create index board_clock_settle_idx on sla_monitor.board_clock (settle_micros) include (label, first_origin_at)
    where settle_micros is not null;
comment on table sla_monitor.board_clock is 'What was summed of a clock.';

create table sla_monitor.board_sum (
    within     text   not null,
    grain      text   not null,
    start_on   date   not null,
    dimension  text   not null,
    key        text   not null,
    cases      bigint not null,
    events     bigint not null,
    clocks     bigint not null,
    met        bigint not null,
    breached   bigint not null,
    open       bigint not null,
    cancelled  bigint not null,
    settle     bytea,
    constraint board_sum_pkey primary key (within, grain, start_on, dimension, key),
    constraint board_sum_grain_known check (grain in ('day', 'month', 'year')),
    constraint board_sum_is_whole check (least(cases, events, clocks, met, breached, open, cancelled) >= 0
        and clocks = met + breached + open + cancelled)
);
alter table sla_monitor.board_sum alter column settle set storage external;
comment on table sla_monitor.board_sum is 'One line of a day, month or year, in the zone of board_state: clocks by where they count from, affairs by when they were first received.';
comment on column sla_monitor.board_sum.within is 'Only of clocks of this rule; empty for all.';
comment on column sla_monitor.board_sum.settle is 'How many were fulfilled after how long, by slot: a format byte, then for each slot its distance from the one before and its count, both as variable-length integers.';

alter table sla_monitor.clock add column outcome text not null default '';
alter table sla_monitor.clock add constraint clock_outcome_known
    check (outcome in ('', 'kept', 'renegotiated', 'broken_announced', 'broken_silent'));
comment on column sla_monitor.clock.outcome is 'How the promise ended that it is of, as ticketing told; empty where it did not, is of none, or ended before this column.';

-- Running, past due, and not noted as breached yet.
create index clock_overdue_idx on sla_monitor.clock (due_at) where state = 'running' and breached_at is null;
-- Cases by first receipt; tickets have theirs.
create index affair_case_received_idx on sla_monitor.affair (first_received_at, affair_id) where kind = 'case';
