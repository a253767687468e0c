-- Links that rest on more than an equal identifier, and the pairs that wait for a steward.
alter table customer_profile.identity_link
    drop constraint identity_link_type_known,
    add constraint identity_link_type_known check (link_type in ('same_as', 'not_same_as')),
    add column score double precision,
    add column reason text not null default '',
    add column proposal_id uuid;
create index identity_link_denial_a_idx on customer_profile.identity_link (record_a)
    where revoked_at is null and link_type = 'not_same_as';
create index identity_link_denial_b_idx on customer_profile.identity_link (record_b)
    where revoked_at is null and link_type = 'not_same_as';
create index identity_link_history_a_idx on customer_profile.identity_link (record_a, asserted_at desc, id desc);
create index identity_link_history_b_idx on customer_profile.identity_link (record_b, asserted_at desc, id desc);
comment on table customer_profile.identity_link is 'Assertions that two records are one person, or two. Revoked, never deleted: who is who follows from the active ones.';
comment on column customer_profile.identity_link.evidence_kind is 'Kind of the identifier both records carry, or steward, or score.';
comment on column customer_profile.identity_link.evidence_key is 'Personal. The identifier both records carry; empty for a steward''s word and a score.';
comment on column customer_profile.identity_link.score is 'Bits, where the records were compared.';
comment on column customer_profile.identity_link.reason is 'Personal. A steward''s reason; empty when a rule asserted it.';
comment on column customer_profile.identity_link.proposal_id is 'The proposal a steward answered by it.';

create table customer_profile.match_proposal (
    id            uuid             not null,
    record_a      uuid             not null,
    record_b      uuid             not null,
    state         text             not null,
    score         double precision not null,
    judgement     bytea            not null,
    rules_version text             not null,
    proposed_at   timestamptz      not null,
    decided_by    text             not null default '',
    decided_at    timestamptz,
    row_version   bigint           not null default 1,
    constraint match_proposal_pkey primary key (id),
    constraint match_proposal_records_ordered check (record_a < record_b),
    constraint match_proposal_state_known check (state in ('open', 'confirmed', 'rejected', 'withdrawn')),
    constraint match_proposal_decision_is_dated check ((state = 'open') = (decided_at is null))
);
create unique index match_proposal_open_key on customer_profile.match_proposal (record_a, record_b) where state = 'open';
create index match_proposal_record_a_idx on customer_profile.match_proposal (record_a, state);
create index match_proposal_record_b_idx on customer_profile.match_proposal (record_b, state);
create index match_proposal_queue_idx on customer_profile.match_proposal (state, score desc, id);
comment on table customer_profile.match_proposal is 'Pairs of records whose score is probable, and what a steward said of them.';
comment on column customer_profile.match_proposal.judgement is 'Encoded ventanilla.customer.v1.CustomerMatch: findings and doubt, without what is compared.';

create function customer_profile.held_apart(one uuid, other uuid) returns boolean language sql stable as $$
    select exists (
        select from customer_profile.source_record r
        join customer_profile.identity_link l on l.record_a = r.id and l.revoked_at is null and l.link_type = 'not_same_as'
        join customer_profile.source_record s on s.id = l.record_b
        where r.customer_id in (one, other) and s.customer_id = case r.customer_id when one then other else one end
    )
$$;
comment on function customer_profile.held_apart is 'Whether a not_same_as stands between a record of the one customer and a record of the other.';

alter table customer_profile.source_record add column compared_by text;
create index source_record_uncompared_idx on customer_profile.source_record (id) where compared_by is null and keyed_by is not null;
comment on column customer_profile.source_record.compared_by is 'Version of the rules by which it was compared with the records that share a key; null while it is to be.';
