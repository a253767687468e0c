-- Until when a customer may send what they were asked for, as the ticketing ledger tells it.
alter table customer_profile.view_ticket add column cure_due_at timestamptz;
comment on column customer_profile.view_ticket.cure_due_at is 'The request to complete the affair runs until then; null when none does.';
