-- By itself: whoever sums waits for it, and nobody else.
create index board_clock_queue_idx on sla_monitor.board_clock (queue, settle_micros) include (first_origin_at, label)
    where settle_micros is not null and queue <> '';
