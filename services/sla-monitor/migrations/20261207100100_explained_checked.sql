-- By itself, so that nobody waits while what happened is looked through.
alter table sla_monitor.affair_event validate constraint affair_event_kind_known;
alter table sla_monitor.clock validate constraint clock_outcome_known;
