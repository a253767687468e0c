-- The key by the name that code knows it by; a process of the version before goes on with it.
alter table sla_monitor.raised drop constraint raised_once;
alter table sla_monitor.raised add constraint raised_once primary key using index raised_once_by_instant;
comment on table sla_monitor.raised is 'Warnings and breaches that went into the ledger. The primary key is what makes each happen once per run of a clock and instant it came at.';
-- What lies ahead of a run that its clock is not in any more was left there by the version before.
delete from sla_monitor.due d using sla_monitor.clock c
    where c.clock_id = d.clock_id and (c.origin_at <> d.origin_at or c.state <> 'running');
