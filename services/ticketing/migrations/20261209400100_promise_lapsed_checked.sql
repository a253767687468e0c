-- By itself, so that nobody waits while promises are looked through.
alter table ticketing.promise validate constraint promise_state_known;
