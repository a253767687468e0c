-- Boards over millions of clocks: what was summed of all lines of a dimension, in one row.

create table sla_monitor.board_pack (
    within    text     not null,
    grain     text     not null,
    start_on  date     not null,
    hour      smallint not null,
    dimension text     not null,
    lines     bytea    not null,
    constraint board_pack_pkey primary key (within, grain, start_on, hour, dimension),
    constraint board_pack_grain_known check (grain in ('hour', 'day', 'month', 'year')),
    constraint board_pack_hours_of_hours check (hour >= 0 and (hour = 0 or grain = 'hour'))
);
alter table sla_monitor.board_pack alter column lines set storage external;
comment on table sla_monitor.board_pack is 'The lines of one dimension over an hour, a day, a month or a year, in the zone of board_state: clocks by where they count from, affairs by when they were first received. board_sum has the same for binaries from before this table, a row for each line.';
comment on column sla_monitor.board_pack.within is 'Only of clocks of this rule; empty for all. Hours are kept of all alone.';
comment on column sla_monitor.board_pack.hour is 'Which hour of its day, counted from the first instant of it; 0 for what is no hour.';
comment on column sla_monitor.board_pack.lines is 'A format byte, then for each line: key, counts, and how many were fulfilled after how long, by slot (board/pack.rs and board/slots.rs of the domain).';
