-- How two customers who are not one person stand to each other.
create table customer_profile.relation (
    id          uuid        not null,
    kind        text        not null,
    customer_id uuid        not null,
    other_id    uuid        not null,
    evidence    text        not null,
    stated_at   timestamptz not null,
    expires_at  timestamptz,
    ended_at    timestamptz,
    ended_by    text        not null default '',
    actor_kind  text        not null,
    actor_id    text        not null,
    constraint relation_pkey primary key (id),
    constraint relation_kind_known check (kind in ('household', 'represents')),
    constraint relation_of_two check (customer_id <> other_id),
    constraint relation_evidence check (kind <> 'represents' or evidence <> '')
);
create unique index relation_standing_key on customer_profile.relation (kind, customer_id, other_id) where ended_at is null;
create index relation_customer_idx on customer_profile.relation (customer_id, stated_at desc, id desc);
create index relation_other_idx on customer_profile.relation (other_id, stated_at desc, id desc);
comment on table customer_profile.relation is 'Rows keep the customer ids they were given; readers look under every id of the customer. Who speaks for the other comes first; of those who live together, the lesser id.';
comment on column customer_profile.relation.evidence is 'Personal. What shows it; goes when either customer is erased.';
