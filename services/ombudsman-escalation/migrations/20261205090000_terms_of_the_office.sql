-- Time of the office itself, within which it may do something and owes nothing.
alter table ombudsman.case_clock drop constraint case_clock_bearer_known;
alter table ombudsman.case_clock add constraint case_clock_bearer_known
    check (bearer is null or bearer in ('claimant', 'firm', 'office')) not valid;
alter table ombudsman.case_clock validate constraint case_clock_bearer_known;
