-- A customer was asked to complete an affair, and work went on without a word of them.
alter table sla_monitor.affair_event drop constraint affair_event_kind_known;
alter table sla_monitor.affair_event add constraint affair_event_kind_known
    check (kind in ('waits', 'held', 'extended', 'works', 'withdrawn', 'answered', 'explained', 'customer_wrote', 'handed_over', 'superior_awaited',
                    'superior_came', 'resolved', 'cancelled', 'reopened')) not valid;
alter table sla_monitor.clock_entry drop constraint clock_entry_kind_known;
alter table sla_monitor.clock_entry add constraint clock_entry_kind_known
    check (kind in ('started', 'started_until', 'awaited', 'begun', 'renewed', 'taken_up', 'hindered', 'unhindered', 'withdrawn', 'fulfilled',
                    'closed', 'cancelled', 'forfeited', 'reopened', 'displaced', 'reinstated')) not valid;
