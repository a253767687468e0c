-- Time of the parties, as sla-monitor counts it, beside what the office owes.
alter table ombudsman.case_clock add column bearer text;
alter table ombudsman.case_clock add column lapsed_at timestamptz;
alter table ombudsman.case_clock add constraint case_clock_bearer_known
    check (bearer is null or bearer in ('claimant', 'firm')) not valid;
alter table ombudsman.case_clock validate constraint case_clock_bearer_known;
alter table ombudsman.case_clock add constraint case_clock_only_parties_let_pass
    check (lapsed_at is null or bearer is not null) not valid;
alter table ombudsman.case_clock validate constraint case_clock_only_parties_let_pass;
comment on column ombudsman.case_clock.bearer is 'The party whose time it is, and stage says what for; null for what the house owes.';
comment on column ombudsman.case_clock.lapsed_at is 'When the time of a party was over, unused.';
