-- Boards whose percentiles are looked up by what a clock itself says: combinations of all labels are as many as clocks where a house has teams, queues and causes.

create table sla_monitor.board_shape (
    shape        integer not null generated always as identity,
    subject_type text    not null,
    stage        text    not null,
    kind         text    not null,
    channel      text    not null,
    outcome      text    not null,
    segment      text    not null,
    constraint board_shape_pkey primary key (shape),
    constraint board_shape_once unique (subject_type, stage, kind, channel, outcome, segment)
);
comment on table sla_monitor.board_shape is 'What clocks are counted under of which there is little, as a number.';

alter table sla_monitor.board_clock
    add column shape integer,
    add column rule  text collate "C" not null default '',
    add column month text collate "C" not null default '',
    alter column label drop not null;
comment on column sla_monitor.board_clock.shape is 'What it is counted under of which there is little; null where binaries from before this column summed it.';
comment on column sla_monitor.board_clock.rule is 'Like department, team, manager, queue and cause: there may be many of each, and the percentiles of one are found by its key. Empty as shape is null.';
comment on column sla_monitor.board_clock.month is 'Month that it counts in, in the zone of board_state, e.g. 2026-11; likewise.';
comment on column sla_monitor.board_clock.label is 'Written and read by binaries from before the column shape alone, as board_label is.';
