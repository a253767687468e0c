-- What was promised in an affair that its customer withdrew, or did not complete, falls away with it.
alter table ticketing.promise drop constraint promise_state_known;
alter table ticketing.promise add constraint promise_state_known
    check (state in ('made', 'at_risk', 'kept', 'renegotiated', 'broken_announced', 'broken_silent', 'broken_unreported', 'lapsed')) not valid;
