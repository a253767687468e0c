-- What an affair was ever filed as, and what happened to it: a clock that is started late is the clock it would have been from the first receipt on.
alter table sla_monitor.affair
    add column types    text[] not null default '{}',
    add column topics   text[] not null default '{}',
    add column calendar text   not null default '';
update sla_monitor.affair set types = array[subject_type], topics = array[topic] where kind = 'ticket';
update sla_monitor.affair a set calendar = coalesce((
    select c.calendar from sla_monitor.clock c where c.affair_id = a.affair_id and c.subject not like '%/promises/%'
    order by c.clock_id limit 1), '');
comment on column sla_monitor.affair.types is 'Every type the ticket was filed as; the last one is subject_type.';
comment on column sla_monitor.affair.topics is 'Every topic the ticket was filed under; the last one is topic.';
comment on column sla_monitor.affair.calendar is 'Calendar of whoever received it first, on which all its clocks count; empty where that is not known.';

create table sla_monitor.affair_event (
    affair_id   uuid        not null,
    seq         bigint      not null,
    kind        text        not null,
    ground      text        not null default '',
    occurred_at timestamptz not null,
    constraint affair_event_pkey primary key (affair_id, seq),
    constraint affair_event_kind_known check (kind in ('waits', 'works', 'answered', 'resolved', 'cancelled', 'reopened'))
);
comment on table sla_monitor.affair_event is 'What happened to a ticket, whatever its clocks made of it. Append-only.';
comment on column sla_monitor.affair_event.seq is 'The entry about the affair that said so, counted by affair.entry_count; below zero for what was known before this table.';
create trigger affair_event_append_only before update or delete on sla_monitor.affair_event
    for each row execute function sla_monitor.clock_entry_is_append_only();
-- Of affairs that were here before, what moved a clock is known from its entries.
insert into sla_monitor.affair_event (affair_id, seq, kind, ground, occurred_at)
select affair_id, row_number() over (partition by affair_id order by occurred_at, kind) - 1000000, kind, ground, occurred_at
from (select distinct c.affair_id,
             case when e.kind = 'hindered' then 'waits' when e.kind = 'unhindered' then 'works' when e.kind = 'reopened' then 'reopened'
                  when c.rule = 'es.l10-2025.17-2.continuity' then 'answered' else 'resolved' end as kind, e.ground, e.occurred_at
      from sla_monitor.clock c
      join sla_monitor.clock_entry e on e.clock_id = c.clock_id
      join sla_monitor.affair a on a.affair_id = c.affair_id and a.kind = 'ticket'
      where c.subject not like '%/promises/%' and e.kind in ('hindered', 'unhindered', 'reopened', 'fulfilled')) past;

alter table sla_monitor.clock_entry drop constraint clock_entry_kind_known;
alter table sla_monitor.clock_entry add constraint clock_entry_kind_known
    check (kind in ('started', 'started_until', 'hindered', 'unhindered', 'fulfilled', 'cancelled', 'forfeited', 'reopened',
                    'displaced', 'reinstated'));
