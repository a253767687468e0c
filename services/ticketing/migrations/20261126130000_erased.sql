-- Affairs whose words were destroyed with their customer's data. What is left counts and proves, and names nobody.
alter table ticketing.ticket add column erased_at timestamptz;
comment on column ticketing.ticket.erased_at is 'When subject, claim points, messages, promises, notes and receipt were destroyed; null while they are there.';
