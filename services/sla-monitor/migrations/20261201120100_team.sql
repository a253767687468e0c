-- Boards by team and by manager: who owns affairs, and for whom owners work.

create table sla_monitor.agent (
    agent_id text not null,
    team     text not null,
    manager  text not null,
    constraint agent_pkey primary key (agent_id)
);
comment on table sla_monitor.agent is 'In what team an agent works and whom they report to, as ticketing told last; empty where neither.';

alter table sla_monitor.affair add column owner text not null default '';
create index affair_owner_idx on sla_monitor.affair (owner) where owner <> '';
comment on column sla_monitor.affair.owner is 'Id of the agent who has it; empty where its queue has it, or where it was handed over last before this column.';

alter table sla_monitor.clock
    add column team    text not null default '',
    add column manager text not null default '';
comment on column sla_monitor.clock.team is 'Team of whoever has the affair, and once it is settled of whoever had it then.';
comment on column sla_monitor.clock.manager is 'Id of the agent whom they report to, likewise.';

-- No clock had a team until now, so that what was summed is right as it is, under labels without one.
alter table sla_monitor.board_label
    add column team    text not null default '',
    add column manager text not null default '';
alter table sla_monitor.board_label drop constraint board_label_once;
alter table sla_monitor.board_label add constraint board_label_once
    unique (rule, department, subject_type, stage, kind, channel, outcome, team, manager);

-- An older binary knows nothing of these lines. It still reads those it knows; it sums no more, for it would leave teams out.
alter table sla_monitor.board_sum rename to board_line;
alter table sla_monitor.board_line rename constraint board_sum_pkey to board_line_pkey;
alter table sla_monitor.board_line rename constraint board_sum_grain_known to board_line_grain_known;
alter table sla_monitor.board_line rename constraint board_sum_is_whole to board_line_is_whole;
create view sla_monitor.board_sum as
    select * from sla_monitor.board_line where dimension not in ('team', 'manager');
comment on view sla_monitor.board_sum is 'The lines that binaries from before teams know. To be dropped once none runs.';
create function sla_monitor.board_sum_is_read_only() returns trigger language plpgsql as $$
begin
    raise exception 'boards are summed by a newer binary' using errcode = 'restrict_violation';
end $$;
create trigger board_sum_read_only instead of insert or update or delete on sla_monitor.board_sum
    for each row execute function sla_monitor.board_sum_is_read_only();
