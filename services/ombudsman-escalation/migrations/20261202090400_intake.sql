-- Who acts for the claimant, and how the case came before the office.
alter table ombudsman.office_case
    add column representative_name   text,
    add column representative_kind   text,
    add column representation_at     timestamptz,
    add column origin                text,
    add column regulator_reference   text,
    add constraint office_case_representative_is_whole check ((representative_name is null) = (representative_kind is null)
        and (representation_at is null or representative_name is not null) and btrim(representative_name) <> ''),
    add constraint office_case_representative_kind_known check (representative_kind in ('authorised', 'by_law', 'association')),
    add constraint office_case_origin_known check (origin in ('answer', 'silence', 'regulator', 'review')),
    add constraint office_case_regulator_named check (origin is distinct from 'regulator' or regulator_reference is not null),
    -- A case from before names no representative, and so is not held to it.
    add constraint office_case_represented_with_proof check (representative_name is null or representation_at is not null
        or state in ('received', 'registered', 'needs_cure', 'archived_uncured', 'inadmissible_proposed', 'inadmissible', 'withdrawn',
                     'forwarded_internally', 'closed'));
comment on column ombudsman.office_case.representation_at is 'When it was proven that the representative may act; nothing is admitted before.';
comment on column ombudsman.office_case.origin is 'How it came before the office; null from before that was kept.';

-- Corrections are signed texts of their own; the text stands in the dossier.
alter table ombudsman.correction
    add column document_sequence bigint,
    add column document_hash     bytea,
    add constraint correction_document_is_whole check ((document_sequence is null) = (document_hash is null)
        and octet_length(document_hash) = 32);
comment on column ombudsman.correction.document_hash is 'SHA-256 of the text that was signed; null for corrections from before there were signed ones.';
