-- The grounds of Ley 7/2017 art. 18.1, and complaints that come to the office in the first place.
alter table ombudsman.office_case drop constraint office_case_ground_known;
alter table ombudsman.office_case add constraint office_case_ground_known check (ground in
    ('essential_data_missing', 'other_forum', 'not_concrete_operations', 'repeated', 'filing_window_passed', 'time_barred',
     'parallel_proceedings', 'no_prior_contact', 'manifestly_unfounded', 'vexatious', 'injury_or_crime')) not valid;
alter table ombudsman.office_case validate constraint office_case_ground_known;
alter table ombudsman.office_case drop constraint office_case_origin_known;
alter table ombudsman.office_case add constraint office_case_origin_known
    check (origin in ('answer', 'silence', 'regulator', 'review', 'direct')) not valid;
alter table ombudsman.office_case validate constraint office_case_origin_known;
