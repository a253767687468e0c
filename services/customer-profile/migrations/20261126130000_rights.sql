-- What people ask of their own data: to have it destroyed, or kept and not used.
alter table customer_profile.customer
    drop constraint customer_state_known,
    add constraint customer_state_known check (state in ('active', 'absorbed', 'erased')),
    drop constraint customer_profile_belongs_to_active,
    add constraint customer_profile_unless_absorbed check ((state = 'absorbed') = (profile is null)),
    add column restricted boolean not null default false;
comment on column customer_profile.customer.restricted is 'Follows from the restrictions that stand on any of its ids.';
comment on column customer_profile.customer.profile is 'Personal. Encoded ventanilla.customer.v1.Customer without its etag; of an erased one, ids and times alone.';

create table customer_profile.erasure_request (
    id           uuid        not null,
    customer_id  uuid        not null,
    ids          uuid[]      not null,
    ground       text        not null,
    asked_at     timestamptz not null,
    completed_at timestamptz,
    actor_kind   text        not null,
    actor_id     text        not null,
    constraint erasure_request_pkey primary key (id),
    constraint erasure_request_customer_key unique (customer_id),
    constraint erasure_request_ground_known check (ground in
        ('no_longer_needed', 'consent_withdrawn', 'objection', 'unlawful', 'legal_duty', 'child'))
);
comment on table customer_profile.erasure_request is 'Erasures that were granted. The journal outside the database repeats them, for the day it is restored.';
comment on column customer_profile.erasure_request.ids is 'Every customer id of the person.';

create table customer_profile.erasure_part (
    erasure_id uuid        not null,
    service    text        not null,
    erased_at  timestamptz not null,
    constraint erasure_part_pkey primary key (erasure_id, service)
);
comment on table customer_profile.erasure_part is 'Which service said that nothing of the person is left.';

create table customer_profile.restriction (
    id            uuid        not null,
    customer_id   uuid        not null,
    ground        text        not null,
    restricted_at timestamptz not null,
    lifted_at     timestamptz,
    actor_kind    text        not null,
    actor_id      text        not null,
    constraint restriction_pkey primary key (id),
    constraint restriction_ground_known check (ground in
        ('accuracy_contested', 'unlawful', 'needed_for_claim', 'objection_pending')),
    constraint restriction_lifted_after check (lifted_at is null or lifted_at >= restricted_at)
);
create unique index restriction_standing_key on customer_profile.restriction (customer_id) where lifted_at is null;
comment on table customer_profile.restriction is 'Rows keep the customer id they were given; readers look under every id of the customer.';
