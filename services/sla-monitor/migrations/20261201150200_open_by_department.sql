-- What waits in the queues of a department, found when its queues change. By itself: whoever writes clocks waits for it.
create index clock_open_department_idx on sla_monitor.clock (department) where settled_at is null;
