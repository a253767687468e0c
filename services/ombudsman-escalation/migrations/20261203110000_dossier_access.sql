-- Who was shown which entries of a dossier: written before it is answered, and never changed.
create table ombudsman.dossier_access (
    access_id        bigint      not null generated always as identity,
    case_id          uuid        not null,
    actor_kind       text        not null,
    actor_id         text        not null,
    actor_department text,
    first_sequence   bigint      not null,
    last_sequence    bigint      not null,
    sealed_shown     boolean     not null,
    traceparent      text        not null,
    read_at          timestamptz not null,
    constraint dossier_access_pkey primary key (access_id),
    constraint dossier_access_in_order check (first_sequence <= last_sequence and (first_sequence > 0 or last_sequence = 0))
);
create index dossier_access_case_idx on ombudsman.dossier_access (case_id, access_id desc);
comment on table ombudsman.dossier_access is 'Access log of dossiers. Names staff and the firm''s liaisons by opaque ids, and nobody else.';
comment on column ombudsman.dossier_access.first_sequence is 'First entry that was shown; 0 when there was none.';
create trigger dossier_access_immutable before update or delete on ombudsman.dossier_access
    for each row execute function ombudsman.refuse_change('dossier_access_immutable');
create trigger dossier_access_kept before truncate on ombudsman.dossier_access
    for each statement execute function ombudsman.refuse_change('dossier_access_immutable');
