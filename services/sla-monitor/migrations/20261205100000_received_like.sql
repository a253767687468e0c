-- Affairs of one kind that were received last, in one department and in all, whether they are answered or not.
create index clock_received_like_idx on sla_monitor.clock (subject_type, department, first_origin_at desc)
    where subject not like '%/promises/%' and not by_conditions;
create index clock_received_like_anywhere_idx on sla_monitor.clock (subject_type, first_origin_at desc)
    where subject not like '%/promises/%' and not by_conditions;
-- Those that were answered last are not looked for any more: they would be the slow ones of their time.
drop index sla_monitor.clock_answered_idx;
drop index sla_monitor.clock_answered_anywhere_idx;
