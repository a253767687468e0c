-- What to do next for customers of the house's own accord.
create table customer_profile.next_action (
    id          uuid        not null,
    customer_id uuid        not null,
    kind        text        not null,
    reasons     text[]      not null,
    minor_units bigint,
    currency    text,
    state       text        not null default 'proposed',
    proposed_by text        not null,
    created_at  timestamptz not null,
    expires_at  timestamptz not null,
    decided_by  text        not null default '',
    decided_at  timestamptz,
    note        text        not null default '',
    done_at     timestamptz,
    row_version bigint      not null default 1,
    constraint next_action_pkey primary key (id),
    constraint next_action_kind_known check (kind in ('personal_call', 'goodwill', 'follow_up')),
    constraint next_action_state_known check (state in ('proposed', 'approved', 'declined', 'done')),
    constraint next_action_has_reasons check (cardinality(reasons) > 0),
    constraint next_action_amount check ((minor_units is not null and currency is not null) = (kind = 'goodwill')),
    constraint next_action_decided check ((state = 'proposed') = (decided_at is null)),
    constraint next_action_done check ((state = 'done') = (done_at is not null))
);
create index next_action_customer_idx on customer_profile.next_action (customer_id, created_at desc, id desc);
create index next_action_waiting_idx on customer_profile.next_action (created_at desc, id desc) where state = 'proposed';
comment on table customer_profile.next_action is 'Rows keep the customer id they were given; readers look under every id of the customer. What lapses by itself is seen when it is read.';
comment on column customer_profile.next_action.note is 'Personal.';
