-- What was said between customer and house, to be told from its newest end however long it is and however many notes stand between. Others wait to write while
-- the index is made.
create index message_told_idx on ticketing.message (ticket_id, sequence) where visibility = 'public';
