-- Exactly which entries were shown: what lies between the first and the last need not all have been.
alter table ombudsman.dossier_access add column shown int8multirange;
comment on column ombudsman.dossier_access.shown is 'The sequences that were shown; null in what was read before this was kept.';
