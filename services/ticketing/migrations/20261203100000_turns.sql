-- Where an affair stood after each thing that moved it: what its way on its map is laid from, however many messages came between. The list is that of the query
-- that reads them. Others wait to write while the index is made.
create index ticket_change_turns_idx on ticketing.ticket_change (ticket_id, sequence)
    where kind in ('opened', 'transitioned', 'assigned', 'step_entered', 'reclassified');
