-- Times to settle count from where the first run counts from, also of clocks that waited for what starts it.
alter table sla_monitor.clock add column first_run_at timestamptz;
comment on column sla_monitor.clock.first_run_at is 'Where its first run counts from, where that is not first_origin_at: what starts it came later. Null where it is, and while it is still to come.';
-- Of clocks that were met before this column: the first that started them. What came while their affair was resolved, which starts nothing, is told
-- apart when a clock moves next. Boards sum each of them anew, as the trigger tells them.
update sla_monitor.clock c set first_run_at = e.at
from (select clock_id, min(occurred_at) filter (where kind in ('begun', 'taken_up', 'renewed')) as at
      from sla_monitor.clock_entry group by clock_id having bool_or(kind = 'awaited')) e
where e.clock_id = c.clock_id and e.at is not null and c.state <> 'scheduled' and e.at <> c.first_origin_at;
