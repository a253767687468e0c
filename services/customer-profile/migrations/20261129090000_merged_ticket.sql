-- What an affair is answered with, and whether it was ever a complaint, as the ticketing ledger tells it.
alter table customer_profile.view_ticket add column merged_into uuid;
alter table customer_profile.view_ticket add column complains boolean not null default false;
update customer_profile.view_ticket set complains = true where ticket_type in (2, 3);
comment on column customer_profile.view_ticket.complains is 'It was a complaint under some filing: what must not be done while one is open is not undone by filing it as something else.';
