-- Which affairs a mass incident caused, as the ticketing ledger tells it.
alter table customer_profile.view_ticket add column incident_id uuid;
