-- How many codes the claimant of a case was given before the one that opens it. The code itself is made from the office's key and kept nowhere.
alter table ombudsman.office_case add column code_number integer not null default 0;
comment on column ombudsman.office_case.code_number is 'Counts the codes that were taken back; the one in use is made from it, the case and the key of the office.';
