-- What customers allow, how they want to be reached, and what they declare of themselves. Rows keep the customer id they were
-- given; readers look under every id of the customer, so that neither a link nor a separation moves a row.
create table customer_profile.consent_statement (
    id          uuid        not null,
    customer_id uuid        not null,
    purpose     text        not null,
    channel     text,
    says        text        not null,
    legal_basis text,
    expires_at  timestamptz,
    proof       text        not null default '',
    said_at     timestamptz not null,
    recorded_at timestamptz not null,
    actor_kind  text        not null,
    actor_id    text        not null,
    constraint consent_statement_pkey primary key (id),
    constraint consent_statement_says_known check (says in ('give', 'withdraw')),
    constraint consent_statement_gives_on_a_ground check ((says = 'give') = (legal_basis is not null))
);
create index consent_statement_customer_idx on customer_profile.consent_statement (customer_id, said_at desc, id desc);
comment on table customer_profile.consent_statement is 'Only ever added to: what was said last counts.';
comment on column customer_profile.consent_statement.channel is 'Null for every channel.';
comment on column customer_profile.consent_statement.proof is 'Personal. Where it can be proved.';

create table customer_profile.contact_preference_statement (
    id                uuid        not null,
    customer_id       uuid        not null,
    preferred_channel text,
    quiet_from        text,
    quiet_until       text,
    time_zone         text,
    said_at           timestamptz not null,
    actor_kind        text        not null,
    actor_id          text        not null,
    constraint contact_preference_statement_pkey primary key (id),
    constraint contact_preference_statement_quiet_is_whole
        check ((quiet_from is null) = (quiet_until is null) and (quiet_from is null) = (time_zone is null))
);
create index contact_preference_statement_customer_idx on customer_profile.contact_preference_statement
    (customer_id, said_at desc, id desc);
comment on table customer_profile.contact_preference_statement is 'Only ever added to: what was said last counts.';

create table customer_profile.vulnerability (
    id           uuid        not null,
    customer_id  uuid        not null,
    driver       text        not null,
    need         text        not null,
    access_class text        not null,
    declared_at  timestamptz not null,
    expires_at   timestamptz,
    ended_at     timestamptz,
    actor_kind   text        not null,
    actor_id     text        not null,
    constraint vulnerability_pkey primary key (id),
    constraint vulnerability_access_class_known check (access_class in ('serving', 'need_only', 'sealed'))
);
create index vulnerability_customer_idx on customer_profile.vulnerability (customer_id) where ended_at is null;
comment on table customer_profile.vulnerability is 'What customers declare; believed without proof. driver and need are personal.';
