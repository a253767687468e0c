-- A warning holds in the run of the clock in which it was raised, whatever begins another.
alter table customer_profile.view_clock add column warned_epoch integer;
comment on column customer_profile.view_clock.warned_epoch is 'The run of the clock that warned last; null where none did, or before this was kept.';
