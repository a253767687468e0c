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
