-- A term that warned while an answer before its end was promised by hand: once that promise has ended, the term is in danger by itself.
alter table ticketing.term add column warned boolean not null default false;
comment on column ticketing.term.warned is 'Its clock has warned in this run that its end is near.';
