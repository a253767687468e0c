-- no-transaction
create index concurrently affair_customer_idx on sla_monitor.affair (customer_id, affair_id);
