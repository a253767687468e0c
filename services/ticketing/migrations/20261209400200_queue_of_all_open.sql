-- A queue holds what waits for a customer or somebody else too, while nobody owns it. By itself: whoever opens an affair waits for it, and nobody else.
-- What an earlier version asks of a queue is found by it too.
create index ticket_unowned_idx on ticketing.ticket (department, served_first desc,
    (case severity when 'critical' then 0 when 'high' then 1 when 'medium' then 2 else 3 end), first_received_at, ticket_id)
    where owner is null and state in ('acknowledged', 'in_progress', 'pending', 'held');
drop index ticketing.ticket_waiting_idx;
