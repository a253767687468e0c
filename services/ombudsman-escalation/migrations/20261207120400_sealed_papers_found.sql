-- Sealed papers are few among many: those that are still to be closed are found without looking at the others.
create index dossier_entry_sealed_idx on ombudsman.dossier_entry (case_id, sequence) where visibility = 'sealed';
