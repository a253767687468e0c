-- What a review of rules would change rests on a score or on an identifier: both may change of one pair.
alter table customer_profile.rules_change add column basis text not null default 'score';
alter table customer_profile.rules_change
    drop constraint rules_change_pkey,
    add constraint rules_change_pkey primary key (review_id, record_a, record_b, kind, basis),
    add constraint rules_change_basis_known check (basis in ('score', 'identifier'));
comment on column customer_profile.rules_change.basis is 'What the link rests on that would be asserted or revoked; of proposals, score.';
