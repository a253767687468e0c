-- Who said why they leave is found at once, however often they called since.
create index interaction_exit_idx on customer_profile.interaction (customer_id, occurred_at desc) where kind = 'exit_interview';
