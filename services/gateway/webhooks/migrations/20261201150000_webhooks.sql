-- What may be told, to whom, and how far that is.
create table webhooks.event (
    number      bigint generated always as identity,
    event_id    uuid        not null,
    source      text        not null,
    position    bigint,
    event_type  text        not null,
    message     text        not null,
    subject     text        not null,
    affair      text        not null,
    department  text,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    traceparent text        not null,
    payload     bytea       not null,
    spread_at   timestamptz,
    constraint event_pkey primary key (number),
    constraint event_id_key unique (event_id),
    constraint event_position_key unique (source, position)
);
create index event_unspread_idx on webhooks.event (number) where spread_at is null;
create index event_occurred_idx on webhooks.event (occurred_at);
comment on table webhooks.event is 'Entries of the ledgers that may be told, their chained part alone: ids, words of the contract and times, nothing personal. Kept for replays.';
comment on column webhooks.event.affair is 'Events of one affair are told in the order of their numbers, one after the other.';
comment on column webhooks.event.department is 'Whose affair it was when it was spread; null where it belongs to none.';
comment on column webhooks.event.spread_at is 'When it was handed to the subscriptions that want it; null until then.';

create table webhooks.affair (
    affair     text not null,
    ticket     text,
    department text,
    constraint affair_pkey primary key (affair)
);
comment on table webhooks.affair is 'Which department has an affair, as ticketing tells it, and which affair a case of the office is about.';

create table webhooks.subscription (
    subscription_id    uuid        not null,
    department         text        not null,
    url                text        not null,
    event_types        text[]      not null,
    departments        text[]      not null,
    description        text        not null,
    state              text        not null,
    stop_reason        text,
    failures           integer     not null default 0,
    failing_since      timestamptz,
    rest_until         timestamptz,
    secret_number      integer     not null,
    creator_kind       text        not null,
    creator_id         text        not null,
    creator_department text,
    created_at         timestamptz not null,
    updated_at         timestamptz not null,
    version            bigint      not null,
    constraint subscription_pkey primary key (subscription_id),
    constraint subscription_state_known check (state in ('active', 'paused', 'disabled')),
    constraint subscription_stop_reason_known check (stop_reason in ('asked', 'failing', 'gone')),
    constraint subscription_stops_for_a_reason check ((state = 'active') = (stop_reason is null))
);
create index subscription_newest_idx on webhooks.subscription (created_at desc, subscription_id desc);
create index subscription_department_idx on webhooks.subscription (department, created_at desc, subscription_id desc);
comment on table webhooks.subscription is 'Endpoints of other systems. How an endpoint does (failures, failing_since, rest_until) changes without a new version.';

create table webhooks.secret (
    subscription_id uuid        not null,
    number          integer     not null,
    salt            bytea       not null,
    key_id          text        not null,
    created_at      timestamptz not null,
    until           timestamptz,
    constraint secret_pkey primary key (subscription_id, number),
    constraint secret_of_a_subscription foreign key (subscription_id) references webhooks.subscription on delete cascade
);
comment on table webhooks.secret is 'What secrets are made of beside the key of the house: who has this table alone can sign nothing.';

create table webhooks.delivery (
    delivery_id     uuid        not null,
    subscription_id uuid        not null,
    number          bigint      not null,
    affair          text        not null,
    state           text        not null,
    attempts        integer     not null default 0,
    created_at      timestamptz not null,
    asked_at        timestamptz not null,
    last_attempt_at timestamptz,
    ended_at        timestamptz,
    last_status     integer,
    last_outcome    text,
    constraint delivery_pkey primary key (delivery_id),
    constraint delivery_once_key unique (subscription_id, number),
    constraint delivery_state_known check (state in ('waiting', 'delivered', 'dead')),
    constraint delivery_ends check ((state = 'waiting') = (ended_at is null)),
    constraint delivery_of_an_event foreign key (number) references webhooks.event,
    constraint delivery_of_a_subscription foreign key (subscription_id) references webhooks.subscription on delete cascade
);
create index delivery_waiting_idx on webhooks.delivery (subscription_id, affair, number) where state = 'waiting';
create index delivery_dead_idx on webhooks.delivery (number desc, subscription_id) where state = 'dead';
create index delivery_ended_idx on webhooks.delivery (ended_at) where state = 'delivered';
comment on table webhooks.delivery is 'One event for one subscription, once, however often it is sent.';

create table webhooks.lane (
    subscription_id uuid        not null,
    affair          text        not null,
    next_at         timestamptz not null,
    lease           uuid,
    leased_until    timestamptz,
    constraint lane_pkey primary key (subscription_id, affair),
    constraint lane_of_a_subscription foreign key (subscription_id) references webhooks.subscription on delete cascade
);
create index lane_due_idx on webhooks.lane (subscription_id, next_at);
comment on table webhooks.lane is 'Affairs of which something waits for a subscription. Who holds the lease sends the first that waits, and nobody else sends any of that affair.';
