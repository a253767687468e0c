-- Broken promises of whose notice nobody said what became of it are told apart.
alter table ticketing.promise drop constraint promise_state_known;
alter table ticketing.promise add constraint promise_state_known
    check (state in ('made', 'at_risk', 'kept', 'renegotiated', 'broken_announced', 'broken_silent', 'broken_unreported')) not valid;
