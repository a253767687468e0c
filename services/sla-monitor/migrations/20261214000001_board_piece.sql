-- What was summed of clocks, as numbers: an index of words is twice as large, and one over all years is written to everywhere.

create table sla_monitor.board_word (
    word integer not null generated always as identity,
    said text    not null,
    constraint board_word_pkey primary key (word),
    constraint board_word_once unique (said),
    constraint board_word_is_one check (said <> '')
);
comment on table sla_monitor.board_word is 'What clocks are counted under of which there may be many, as a number: rules, departments, teams, managers, queues and causes. Nothing is 0.';

create table sla_monitor.board_piece (
    affair_id       uuid        not null,
    clock_id        uuid        not null,
    first_origin_at timestamptz not null,
    settle_micros   bigint,
    hour            integer     not null,
    shape           integer     not null,
    rule            integer     not null,
    department      integer     not null,
    team            integer     not null,
    manager         integer     not null,
    queue           integer     not null,
    cause           integer     not null,
    year            smallint    not null,
    month           integer     not null,
    cancelled       boolean     not null,
    breached        boolean     not null,
    constraint board_piece_pkey primary key (affair_id, clock_id),
    constraint board_piece_ends_once check (not cancelled or settle_micros is null)
);
comment on table sla_monitor.board_piece is 'What was summed of a clock. board_clock has the same for binaries from before this table.';
comment on column sla_monitor.board_piece.settle_micros is 'How long it took to be fulfilled; null where it is open or fell away.';
comment on column sla_monitor.board_piece.hour is 'Hour it counts in, in the zone of board_state: 64 for each day since 1970, and one for each hour since its first instant.';
comment on column sla_monitor.board_piece.month is 'Likewise: 12 for each year, and one for each month before it.';
comment on column sla_monitor.board_piece.rule is 'As board_word has it, like department, team, manager, queue and cause.';

-- Percentiles: the few ranges of durations that hold one are read from an index alone, year by year, so that what is summed of a year is written to a part of each.
create index board_piece_of_month_idx on sla_monitor.board_piece (month, settle_micros) include (hour, shape)
    where settle_micros is not null;
create index board_piece_of_rule_idx on sla_monitor.board_piece (year, rule, settle_micros) include (hour, shape)
    where settle_micros is not null;
create index board_piece_of_department_idx on sla_monitor.board_piece (year, department, settle_micros) include (hour, rule)
    where settle_micros is not null;
create index board_piece_of_team_idx on sla_monitor.board_piece (year, team, settle_micros) include (hour, rule)
    where settle_micros is not null and team <> 0;
create index board_piece_of_manager_idx on sla_monitor.board_piece (year, manager, settle_micros) include (hour, rule)
    where settle_micros is not null and manager <> 0;
create index board_piece_of_queue_idx on sla_monitor.board_piece (year, queue, settle_micros) include (hour, rule)
    where settle_micros is not null and queue <> 0;
create index board_piece_of_cause_idx on sla_monitor.board_piece (year, cause, settle_micros) include (hour, rule)
    where settle_micros is not null and cause <> 0;
