-- Boards and forecasts by queue: what a department asks of who takes its affairs, and in which of its queues each waits.

create table sla_monitor.queue_skill (
    department text not null,
    topic      text not null,
    skill      text not null,
    constraint queue_skill_pkey primary key (department, topic, skill)
);
comment on table sla_monitor.queue_skill is 'Which skills a department asks for which topics, as ticketing told last.';

alter table sla_monitor.clock add column queue text not null default '';
comment on column sla_monitor.clock.queue is 'Queue that the affair waits in, and once the clock is settled the one that it waited in then; empty where that was not kept, and of cases.';

-- Sums are made anew with the new lines (board_state.made_as), and what is remembered of them is written again.
alter table sla_monitor.board_label add column queue text not null default '';
alter table sla_monitor.board_label drop constraint board_label_once;
alter table sla_monitor.board_label add constraint board_label_once
    unique (rule, department, subject_type, stage, kind, channel, outcome, team, manager, queue, segment, cause);
alter table sla_monitor.board_clock add column queue text collate "C" not null default '';
