-- Affairs that were answered last, of one kind in one department and in all.
create index clock_answered_idx on sla_monitor.clock (subject_type, department, settled_at desc)
    where state = 'fulfilled' and subject not like '%/promises/%';
create index clock_answered_anywhere_idx on sla_monitor.clock (subject_type, settled_at desc)
    where state = 'fulfilled' and subject not like '%/promises/%';
