-- What is met by a word to the customer stays met through a reopening, which takes back what the resolution met: it is a word of its own.
alter table sla_monitor.clock_entry drop constraint clock_entry_kind_known;
alter table sla_monitor.clock_entry add constraint clock_entry_kind_known
    check (kind in ('started', 'started_until', 'awaited', 'begun', 'renewed', 'begun_anew', 'taken_up', 'hindered', 'unhindered', 'withdrawn',
                    'fulfilled', 'met_by_word', 'closed', 'cancelled', 'forfeited', 'reopened', 'displaced', 'reinstated')) not valid;
