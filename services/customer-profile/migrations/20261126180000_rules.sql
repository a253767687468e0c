-- Rules of matching: those in force, and looks at what others would change.
create table customer_profile.matching_rules (
    one              boolean     not null default true,
    version          text        not null,
    rules            jsonb       not null,
    expected_records bigint      not null,
    adopted_at       timestamptz not null,
    review_id        uuid,
    constraint matching_rules_pkey primary key (one),
    constraint matching_rules_one check (one)
);
comment on table customer_profile.matching_rules is 'The rules in force: those of the settings at the first start, and then those of the last review that was applied.';
comment on column customer_profile.matching_rules.version is 'What judgements are marked with: the version of the rules among so many records.';

create table customer_profile.rules_review (
    id               uuid        not null,
    state            text        not null,
    version          text        not null,
    version_in_force text        not null,
    rules            jsonb       not null,
    expected_records bigint      not null,
    record_count     bigint      not null,
    done_count       bigint      not null default 0,
    after_record     uuid        not null default '00000000-0000-0000-0000-000000000000',
    created_by       text        not null,
    created_at       timestamptz not null,
    ready_at         timestamptz,
    decided_by       text        not null default '',
    decided_at       timestamptz,
    ended_at         timestamptz,
    row_version      bigint      not null default 1,
    constraint rules_review_pkey primary key (id),
    constraint rules_review_state_known check (state in ('comparing', 'ready', 'applying', 'applied', 'dropped')),
    constraint rules_review_decided check ((decided_at is null) = (state in ('comparing', 'ready')))
);
create unique index rules_review_open_key on customer_profile.rules_review ((true))
    where state in ('comparing', 'ready', 'applying');
create index rules_review_created_idx on customer_profile.rules_review (created_at desc, id desc);
comment on column customer_profile.rules_review.after_record is 'Records up to this id are done, of comparing or of applying.';
comment on column customer_profile.rules_review.row_version is 'Grows with the state, not with the progress.';

create table customer_profile.rules_change (
    review_id uuid not null,
    record_a  uuid not null,
    record_b  uuid not null,
    kind      text not null,
    score     double precision,
    constraint rules_change_pkey primary key (review_id, record_a, record_b, kind),
    constraint rules_change_review_fkey foreign key (review_id) references customer_profile.rules_review (id),
    constraint rules_change_kind_known check (kind in ('assert', 'revoke', 'propose', 'withdraw'))
);
create index rules_change_kind_idx on customer_profile.rules_change (review_id, kind, record_a, record_b);
