-- By itself, so that nobody waits while clocks are looked through.
alter table sla_monitor.clock validate constraint clock_outcome_known;
