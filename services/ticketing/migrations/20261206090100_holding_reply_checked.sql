-- By itself, so that nobody waits while the history is looked through.
alter table ticketing.ticket_change validate constraint ticket_change_kind_known;
