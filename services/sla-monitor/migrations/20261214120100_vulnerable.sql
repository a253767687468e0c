-- Fairness goes by what customers declared too, and not by what was ticked when their affair was opened alone.
alter table sla_monitor.affair add column vulnerable boolean not null default false;
comment on column sla_monitor.affair.vulnerable is 'Its customer had a right to be served first, or had declared what makes them vulnerable, when customer-profile was asked.';
