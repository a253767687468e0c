-- Of a customer who is written to every day the contacts they made themselves are found at once.
create index interaction_inbound_idx on customer_profile.interaction (customer_id, occurred_at desc, id desc) where direction = 'inbound';
