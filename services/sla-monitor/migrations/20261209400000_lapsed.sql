-- A promise may fall away with its affair.
alter table sla_monitor.clock drop constraint clock_outcome_known;
alter table sla_monitor.clock add constraint clock_outcome_known
    check (outcome in ('', 'kept', 'renegotiated', 'lapsed', 'broken_announced', 'broken_silent', 'broken_unreported')) not valid;
