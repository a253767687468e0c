-- The dossier: a hash chain per case, whose content stands apart and can be erased.

create table ombudsman.dossier_entry (
    case_id          uuid        not null,
    sequence         bigint      not null,
    kind             text        not null,
    visibility       text        not null,
    actor_kind       text        not null,
    actor_id         text        not null,
    actor_department text,
    recorded_at      timestamptz not null,
    content_type     text        not null,
    commitment       bytea       not null,
    prev_hash        bytea       not null,
    hash             bytea       not null,
    constraint dossier_entry_pkey primary key (case_id, sequence),
    constraint dossier_entry_visibility_known check (visibility in ('parties', 'office', 'sealed')),
    constraint dossier_entry_hashes_are_sha256
        check (octet_length(commitment) = 32 and octet_length(prev_hash) = 32 and octet_length(hash) = 32)
);
comment on table ombudsman.dossier_entry is 'The chained part; never changed, never deleted.';

-- Content and salt may be taken out by erasure; the commitment in the entry keeps binding what was there.
create table ombudsman.dossier_content (
    case_id  uuid   not null,
    sequence bigint not null,
    salt     bytea  not null,
    content  bytea  not null,
    constraint dossier_content_pkey primary key (case_id, sequence),
    constraint dossier_content_salt_is_long check (octet_length(salt) = 32)
);
comment on table ombudsman.dossier_content is 'The erasable part of an entry. May be deleted, never edited.';

create function ombudsman.chain_dossier() returns trigger language plpgsql as $$
begin
    update ombudsman.office_case
       set dossier_length = new.sequence, dossier_head = new.hash
     where case_id = new.case_id and dossier_length = new.sequence - 1 and dossier_head = new.prev_hash;
    if not found then
        raise exception using
            errcode = 'check_violation',
            constraint = 'dossier_entry_follows_the_head',
            message = 'the entry does not follow the head of the dossier';
    end if;
    return new;
end;
$$;
comment on function ombudsman.chain_dossier() is 'Moves the head under the lock of the case, so that a chain cannot fork.';

create trigger dossier_entry_chained before insert on ombudsman.dossier_entry
    for each row execute function ombudsman.chain_dossier();
create trigger dossier_entry_immutable before update or delete on ombudsman.dossier_entry
    for each row execute function ombudsman.refuse_change('dossier_entry_immutable');
create trigger dossier_entry_kept before truncate on ombudsman.dossier_entry
    for each statement execute function ombudsman.refuse_change('dossier_entry_immutable');
create trigger dossier_content_immutable before update on ombudsman.dossier_content
    for each row execute function ombudsman.refuse_change('dossier_content_immutable');
