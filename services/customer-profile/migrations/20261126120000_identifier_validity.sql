-- Identifiers of more kinds, and when a person has one: numbers are given to others.
alter table customer_profile.identifier
    add column valid_from timestamptz,
    add column valid_until timestamptz,
    drop constraint identifier_kind_known,
    add constraint identifier_kind_known
        check (kind in ('phone', 'email', 'national_id', 'account', 'device', 'social', 'chat'));
comment on column customer_profile.identifier.valid_until is 'First instant at which the person has it no longer; null when not known.';
