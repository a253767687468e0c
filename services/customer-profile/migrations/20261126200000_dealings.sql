-- What customers bought and agreed, as the departments' systems tell it.
create table customer_profile.dealing (
    id            uuid        not null,
    source_system text        not null,
    external_id   text        not null,
    customer_id   uuid        not null,
    kind          text        not null,
    minor_units   bigint,
    currency      text,
    occurred_at   timestamptz not null,
    recorded_at   timestamptz not null,
    constraint dealing_pkey primary key (id),
    constraint dealing_external_key unique (source_system, external_id),
    constraint dealing_kind_known check (kind in ('purchase', 'refund', 'contract_start', 'contract_end')),
    constraint dealing_amount check ((minor_units is not null and currency is not null) = (kind in ('purchase', 'refund')))
);
create index dealing_customer_idx on customer_profile.dealing (customer_id, occurred_at desc, id desc);
create index dealing_contract_idx on customer_profile.dealing (customer_id) where kind in ('contract_start', 'contract_end');
comment on table customer_profile.dealing is 'Rows keep the customer id they were given; readers look under every id of the customer. Never changed; personal.';
