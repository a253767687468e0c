-- What starts a clock of the house's own and renews it is one word of its own: it begins one that had ended, which a renewal does not.
alter table sla_monitor.clock_entry drop constraint clock_entry_kind_known;
alter table sla_monitor.clock_entry add constraint clock_entry_kind_known
    check (kind in ('started', 'started_until', 'awaited', 'begun', 'renewed', 'begun_anew', 'taken_up', 'hindered', 'unhindered', 'withdrawn',
                    'fulfilled', 'closed', 'cancelled', 'forfeited', 'reopened', 'displaced', 'reinstated')) not valid;
