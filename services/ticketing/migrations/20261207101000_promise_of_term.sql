-- Terms of law and of the house that are in danger are told of as promises are.
alter table ticketing.promise add column term_clock_id uuid;
comment on column ticketing.promise.term_clock_id is 'Clock of the term that it stands for, which nobody promised by hand; null of every other.';
