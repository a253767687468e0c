-- A breach is raised once for each instant at which a run was ever due: one that late entries moved, into the past too, is told as what it is. Built
-- first, and beside the old key, so that the swap that follows takes no time.
create unique index raised_once_by_instant on sla_monitor.raised (clock_id, kind, origin_at, due_at);
