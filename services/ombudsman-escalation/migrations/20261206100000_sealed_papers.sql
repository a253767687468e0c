-- What is sealed for those who work on a case is closed with the office's key, as drafts are: whoever rules the database reads none of it.
alter table ombudsman.dossier_content add column key_id text;
alter table ombudsman.dossier_content add column nonce bytea;
alter table ombudsman.dossier_content
    add constraint dossier_content_closed_whole check ((key_id is null) = (nonce is null) and octet_length(nonce) = 12) not valid;
comment on column ombudsman.dossier_content.key_id is 'Key that the content is closed under; null for what is not closed, as sealed content from before it was.';
create index dossier_content_by_key on ombudsman.dossier_content (key_id) where key_id is not null;
