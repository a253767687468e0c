-- By itself, so that nobody waits while the affairs are looked through.
alter table sla_monitor.affair validate constraint affair_segment_known;
alter table sla_monitor.affair validate constraint affair_tenure_known;
