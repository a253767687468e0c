-- Time of the ombudsman's office itself, within which it may do something and owes nothing.
alter table sla_monitor.party_clock drop constraint party_clock_bearer_known;
alter table sla_monitor.party_clock add constraint party_clock_bearer_known
    check (bearer in ('claimant', 'firm', 'office')) not valid;
alter table sla_monitor.party_clock validate constraint party_clock_bearer_known;
