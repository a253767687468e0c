-- Of binaries that look up by label: their boards go on, and are summed anew by the next version.
drop index sla_monitor.board_clock_settle_idx, sla_monitor.board_clock_department_idx, sla_monitor.board_clock_team_idx,
    sla_monitor.board_clock_manager_idx, sla_monitor.board_clock_queue_idx, sla_monitor.board_clock_cause_idx;
