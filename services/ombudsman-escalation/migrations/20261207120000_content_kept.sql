-- What stands in a dossier goes with the words of its case, and not before: whoever takes it out of a live one is refused, and whoever goes around that is found.
create function ombudsman.keep_content() returns trigger language plpgsql as $$
begin
    if not exists (select from ombudsman.dossier_content where case_id = old.case_id and sequence = old.sequence)
       and not exists (select from ombudsman.erased_case where case_id = old.case_id) then
        perform ombudsman.broken('dossier_content_goes_with_its_case', 'content is destroyed with the words of its case, and not before');
    end if;
    return null;
end;
$$;
comment on function ombudsman.keep_content() is 'At the end of a transaction: what is closed anew was taken away and put back by then.';
create constraint trigger dossier_content_goes_with_its_case after delete on ombudsman.dossier_content
    deferrable initially deferred for each row execute function ombudsman.keep_content();
create trigger dossier_content_kept before truncate on ombudsman.dossier_content
    for each statement execute function ombudsman.refuse_change('dossier_content_immutable');
comment on table ombudsman.dossier_content is 'The erasable part of an entry. Deleted with the words of its case, never edited.';
