-- Keys under which a record is found when somebody asks who a person may be.
create table customer_profile.match_key (
    key              uuid not null,
    source_record_id uuid not null,
    constraint match_key_pkey primary key (key, source_record_id)
);
create index match_key_source_record_idx on customer_profile.match_key (source_record_id);
comment on table customer_profile.match_key is 'Personal. Follows from the current versions of records and can be computed again.';
comment on column customer_profile.match_key.key is 'First half of SHA-256 over scheme and value: who compares needs to find, not to read.';

alter table customer_profile.source_record add column keyed_by text;
create index source_record_unkeyed_idx on customer_profile.source_record (id) where keyed_by is null;
comment on column customer_profile.source_record.keyed_by is 'Version of the rules that made its match keys; null while they are to be made.';
