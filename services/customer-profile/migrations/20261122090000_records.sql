-- What departments say of people, and who is who.
create table customer_profile.source_record (
    id              uuid        not null,
    source_system   text        not null,
    external_id     text        not null,
    department      text        not null,
    own_customer_id uuid        not null,
    customer_id     uuid        not null,
    version         integer     not null,
    latest_version  integer     not null,
    observed_at     timestamptz not null,
    name_key        text,
    recorded_at     timestamptz not null,
    updated_at      timestamptz not null,
    constraint source_record_pkey primary key (id),
    constraint source_record_external_key unique (source_system, external_id),
    constraint source_record_own_customer_key unique (own_customer_id),
    constraint source_record_version_is_known check (version between 1 and latest_version)
);
create index source_record_customer_idx on customer_profile.source_record (customer_id, recorded_at, id);
comment on table customer_profile.source_record is 'One record of one department''s system; what it says stands in its versions.';
comment on column customer_profile.source_record.own_customer_id is 'The customer id the record brought. Never changes, and never stops resolving.';
comment on column customer_profile.source_record.customer_id is 'The customer it belongs to now; follows from the active links.';
comment on column customer_profile.source_record.version is 'The current version: the one observed last, whatever the order of arrival.';
comment on column customer_profile.source_record.name_key is 'Name without accents, case and punctuation; null when one word or none.';

create table customer_profile.source_record_version (
    source_record_id uuid        not null,
    version          integer     not null,
    content          bytea       not null,
    content_hash     bytea       not null,
    observed_at      timestamptz not null,
    recorded_at      timestamptz not null,
    actor_kind       text        not null,
    actor_id         text        not null,
    constraint source_record_version_pkey primary key (source_record_id, version),
    constraint source_record_version_content_key unique (source_record_id, content_hash)
);
comment on table customer_profile.source_record_version is 'Immutable: what the system said, as it said it.';
comment on column customer_profile.source_record_version.content is 'Personal. Encoded ventanilla.customer.v1.SourceRecord as it was sent.';
comment on column customer_profile.source_record_version.content_hash is 'SHA-256 of content: the same said twice is one version.';

create table customer_profile.identifier (
    kind             text        not null,
    key              text        not null,
    source_record_id uuid        not null,
    customer_id      uuid        not null,
    recorded_at      timestamptz not null,
    observed_at      timestamptz not null,
    verified_at      timestamptz,
    shared           boolean     not null,
    evidence         boolean     not null,
    name_key         text,
    constraint identifier_pkey primary key (kind, key, source_record_id),
    constraint identifier_kind_known check (kind in ('phone', 'email', 'national_id', 'account', 'device'))
);
create index identifier_source_record_idx on customer_profile.identifier (source_record_id);
comment on table customer_profile.identifier is 'Personal. Identifiers of the current versions, with what linking and a phone lookup need beside them, so that both read this table alone.';
comment on column customer_profile.identifier.key is 'Normalised, with its scope: +34600111222, ES:12345678Z, issuer:value.';
comment on column customer_profile.identifier.recorded_at is 'When the record was first written down; the oldest carrier is the hub of its links.';
comment on column customer_profile.identifier.evidence is 'False for fillers and for what its source declares as shared.';

create table customer_profile.identity_link (
    id            uuid        not null,
    record_a      uuid        not null,
    record_b      uuid        not null,
    link_type     text        not null,
    grade         text        not null,
    evidence_kind text        not null,
    evidence_key  text        not null,
    rule_version  text        not null,
    asserted_by   text        not null,
    asserted_at   timestamptz not null,
    revoked_by    text,
    revoked_at    timestamptz,
    constraint identity_link_pkey primary key (id),
    constraint identity_link_records_ordered check (record_a < record_b),
    constraint identity_link_type_known check (link_type in ('same_as')),
    constraint identity_link_grade_known check (grade in ('certain', 'probable', 'possible')),
    constraint identity_link_revocation_is_whole check ((revoked_at is null) = (revoked_by is null))
);
create unique index identity_link_active_key on customer_profile.identity_link
    (record_a, record_b, evidence_kind, evidence_key) where revoked_at is null;
create index identity_link_evidence_idx on customer_profile.identity_link (evidence_kind, evidence_key) where revoked_at is null;
create index identity_link_record_b_idx on customer_profile.identity_link (record_b) where revoked_at is null;
comment on table customer_profile.identity_link is 'Assertions that two records are one person. Revoked, never deleted: who is who follows from the active ones.';
comment on column customer_profile.identity_link.evidence_key is 'Personal. The identifier both records carry.';

create table customer_profile.customer (
    id          uuid        not null,
    state       text        not null,
    ids         uuid[]      not null,
    profile     bytea,
    language    smallint    not null,
    row_version bigint      not null,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    constraint customer_pkey primary key (id),
    constraint customer_state_known check (state in ('active', 'absorbed')),
    constraint customer_profile_belongs_to_active check ((state = 'active') = (profile is not null))
);
comment on table customer_profile.customer is 'Groups of linked records. Everything but row_version follows from records and active links and can be computed again.';
comment on column customer_profile.customer.ids is 'Every customer id that resolves to this one, itself included.';
comment on column customer_profile.customer.profile is 'Personal. Encoded ventanilla.customer.v1.Customer without its etag.';
comment on column customer_profile.customer.language is 'Number of ventanilla.type.v1.Language, for the phone lookup; 0 when not known.';

create table customer_profile.customer_alias (
    id          uuid not null,
    customer_id uuid not null,
    constraint customer_alias_pkey primary key (id)
);
comment on table customer_profile.customer_alias is 'Every customer id that was ever given, and the customer it resolves to now.';
