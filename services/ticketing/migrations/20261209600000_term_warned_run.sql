-- A warning holds in the run of the clock in which it was raised, whatever begins another.
alter table ticketing.term add column warned_epoch integer;
comment on column ticketing.term.warned_epoch is 'The run of its clock that warned; null where it did so before this was kept.';
