-- By itself, so that nobody waits while what happened is looked through.
alter table sla_monitor.clock_entry validate constraint clock_entry_kind_known;
