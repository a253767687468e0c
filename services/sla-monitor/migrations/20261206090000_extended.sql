-- What law lets a term be lengthened by.
alter table sla_monitor.affair_event drop constraint affair_event_kind_known;
alter table sla_monitor.affair_event add constraint affair_event_kind_known
    check (kind in ('waits', 'held', 'extended', 'works', 'answered', 'customer_wrote', 'handed_over', 'superior_awaited', 'superior_came',
                    'resolved', 'cancelled', 'reopened')) not valid;
