-- What claimants were asked for in all, and when last: nothing is asked for twice, and what they send counts from then on at the earliest.
alter table ombudsman.office_case add column cure_asked text[];
alter table ombudsman.office_case add column cure_asked_at timestamptz;
comment on column ombudsman.office_case.cure_asked is 'All that was ever asked for; null in cases that were asked before this was kept, of which cure_items is all that is known.';
