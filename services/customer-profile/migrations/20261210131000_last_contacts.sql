-- The last contact of every department is found at once, however many came after it.
create index interaction_department_idx on customer_profile.interaction (customer_id, department, occurred_at desc, id desc);
