-- The office may take longer to decide, once, where the regime knows it (Ley 7/2017 art. 20).
alter table ombudsman.office_case add column extended_at timestamptz;
comment on column ombudsman.office_case.extended_at is 'When it took longer to decide; null where it did not.';
