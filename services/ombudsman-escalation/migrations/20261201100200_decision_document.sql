-- The decision as a signed text. Its hash stands on the decision, the whole sealed text in the dossier's chain.
alter table ombudsman.decision
    add column document_hash  bytea,
    add column seal_key_id    text,
    add column seal_signature bytea,
    add constraint decision_document_is_signed check ((document_hash is null) = (seal_key_id is null)
        and (document_hash is null) = (seal_signature is null)
        and octet_length(document_hash) = 32 and octet_length(seal_signature) = 64);
comment on column ombudsman.decision.document_hash is 'SHA-256 of the text that was signed; null for decisions that were issued before there were documents.';

create table ombudsman.decision_document (
    case_id uuid not null,
    text    text not null,
    constraint decision_document_pkey primary key (case_id)
);
comment on table ombudsman.decision_document is 'The text that was signed, as it was composed when the decision was issued.';

create function ombudsman.guard_decision_document() returns trigger language plpgsql as $$
begin
    if not exists (select from ombudsman.decision_document where case_id = new.case_id
                      and sha256(convert_to(text, 'UTF8')) = new.document_hash) then
        raise exception using
            errcode = 'check_violation',
            constraint = 'decision_has_its_document',
            message = 'a decision is issued with the text that was signed';
    end if;
    return new;
end;
$$;
-- By its name after the guard that says who may decide.
create trigger decision_has_its_document before insert on ombudsman.decision
    for each row execute function ombudsman.guard_decision_document();

create function ombudsman.keep_decision_document() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' and not exists (select from ombudsman.decision where case_id = new.case_id) then
        return new;
    end if;
    if tg_op = 'UPDATE' and exists (select from ombudsman.erased_case where case_id = old.case_id)
       and new.case_id = old.case_id and new.text = '[erased]' then
        return new;
    end if;
    raise exception using
        errcode = 'check_violation',
        constraint = 'decision_immutable',
        message = tg_table_name || ' is written once';
end;
$$;
create trigger decision_document_immutable before insert or update or delete on ombudsman.decision_document
    for each row execute function ombudsman.keep_decision_document();
create trigger decision_document_kept before truncate on ombudsman.decision_document
    for each statement execute function ombudsman.refuse_change('decision_immutable');
