-- How much somebody has proposed to a customer.
create index redress_actor_idx on ticketing.redress (actor_id, currency, proposed_at);
