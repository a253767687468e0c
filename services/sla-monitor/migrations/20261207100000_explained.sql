-- Messages that say why it takes longer and by when it is over are told apart, and so are broken promises of whose notice nobody said what became of it.
alter table sla_monitor.affair_event drop constraint affair_event_kind_known;
alter table sla_monitor.affair_event add constraint affair_event_kind_known
    check (kind in ('waits', 'held', 'extended', 'works', 'answered', 'explained', 'customer_wrote', 'handed_over', 'superior_awaited', 'superior_came',
                    'resolved', 'cancelled', 'reopened')) not valid;
alter table sla_monitor.clock drop constraint clock_outcome_known;
alter table sla_monitor.clock add constraint clock_outcome_known
    check (outcome in ('', 'kept', 'renegotiated', 'broken_announced', 'broken_silent', 'broken_unreported')) not valid;
