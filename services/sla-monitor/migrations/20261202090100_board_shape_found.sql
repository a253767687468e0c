-- By itself: whoever sums waits for it, and nobody else. What was summed before is in none of these.
create index board_clock_settled_idx on sla_monitor.board_clock (settle_micros) include (first_origin_at, shape)
    where settle_micros is not null and rule <> '';
create index board_clock_of_rule_idx on sla_monitor.board_clock (rule, settle_micros) include (first_origin_at, shape)
    where settle_micros is not null and rule <> '';
create index board_clock_of_month_idx on sla_monitor.board_clock (month, settle_micros) include (first_origin_at, rule)
    where settle_micros is not null and rule <> '';
create index board_clock_of_department_idx on sla_monitor.board_clock (department, settle_micros) include (first_origin_at, rule)
    where settle_micros is not null and rule <> '';
create index board_clock_of_team_idx on sla_monitor.board_clock (team, settle_micros) include (first_origin_at, rule)
    where settle_micros is not null and rule <> '' and team <> '';
create index board_clock_of_manager_idx on sla_monitor.board_clock (manager, settle_micros) include (first_origin_at, rule)
    where settle_micros is not null and rule <> '' and manager <> '';
create index board_clock_of_queue_idx on sla_monitor.board_clock (queue, settle_micros) include (first_origin_at, rule)
    where settle_micros is not null and rule <> '' and queue <> '';
create index board_clock_of_cause_idx on sla_monitor.board_clock (cause, settle_micros) include (first_origin_at, rule)
    where settle_micros is not null and rule <> '' and cause <> '';
