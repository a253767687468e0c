-- What a trial of a policy about calls walks along. By itself: whoever records calls waits for it.
create index call_arrived_idx on sla_monitor.call (arrived_at, source_system, external_id);
