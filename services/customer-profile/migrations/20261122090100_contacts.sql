-- Contacts, and what the other services' ledgers told of customers.
-- Rows keep the customer id they were given; readers look under every id of the customer, so that neither a link nor a
-- separation moves a row.
create table customer_profile.interaction (
    id                 uuid        not null,
    customer_id        uuid        not null,
    channel            text        not null,
    direction          text        not null,
    department         text        not null,
    ticket_id          uuid,
    summary            text        not null,
    what_customer_said text        not null,
    occurred_at        timestamptz not null,
    created_at         timestamptz not null,
    constraint interaction_pkey primary key (id),
    constraint interaction_direction_known check (direction in ('inbound', 'outbound')),
    constraint interaction_says_something check (summary <> '' or what_customer_said <> '')
);
create index interaction_customer_idx on customer_profile.interaction (customer_id, occurred_at desc, id desc);
comment on table customer_profile.interaction is 'Contacts on any channel, both ways. summary and what_customer_said are personal.';

create table customer_profile.timeline_event (
    source      text        not null,
    position    bigint      not null,
    id          uuid        not null,
    customer_id uuid        not null,
    occurred_at timestamptz not null,
    kind        smallint    not null,
    resource    text        not null,
    state       smallint    not null,
    constraint timeline_event_pkey primary key (source, position)
);
create index timeline_event_customer_idx on customer_profile.timeline_event (customer_id, occurred_at desc, id desc);
comment on table customer_profile.timeline_event is 'Events of other ledgers, one row an entry.';
comment on column customer_profile.timeline_event.id is 'Id of the ledger entry; breaks ties of time when paging.';
comment on column customer_profile.timeline_event.kind is 'Number of ventanilla.customer.v1.TimelineEventKind.';
comment on column customer_profile.timeline_event.state is 'Number of the state or outcome in the enum that belongs to the kind; 0 when it has none.';

create table customer_profile.view_ticket (
    ticket_id         uuid        not null,
    customer_id       uuid        not null,
    ticket_type       smallint    not null,
    severity          smallint    not null,
    state             smallint    not null,
    is_open           boolean     not null,
    channel           smallint    not null,
    department        text        not null,
    owner             text        not null default '',
    subject           text        not null,
    first_received_at timestamptz not null,
    updated_at        timestamptz not null,
    constraint view_ticket_pkey primary key (ticket_id)
);
create index view_ticket_open_idx on customer_profile.view_ticket (customer_id) where is_open;
comment on table customer_profile.view_ticket is 'Affairs as the ticketing ledger tells them. Enum columns hold numbers of ventanilla.ticketing.v1. subject is personal.';

create table customer_profile.view_promise (
    promise_id  uuid        not null,
    ticket_id   uuid        not null,
    customer_id uuid        not null,
    channel     smallint    not null,
    text        text        not null,
    due_at      timestamptz not null,
    made_at     timestamptz not null,
    state       smallint    not null,
    is_open     boolean     not null,
    constraint view_promise_pkey primary key (promise_id)
);
create index view_promise_open_idx on customer_profile.view_promise (customer_id, due_at) where is_open;
comment on table customer_profile.view_promise is 'Promises as the ticketing ledger tells them. state holds a number of ventanilla.ticketing.v1.PromiseState. text is personal.';

create table customer_profile.view_clock (
    clock_id       uuid     not null,
    customer_id    uuid     not null,
    subject        text     not null,
    ticket_id      uuid,
    rule           text     not null,
    stage          text     not null,
    state          smallint not null,
    is_open        boolean  not null,
    due_at         timestamptz,
    warned_percent smallint not null default 0,
    breached_at    timestamptz,
    department     text     not null,
    constraint view_clock_pkey primary key (clock_id)
);
create index view_clock_open_idx on customer_profile.view_clock (customer_id, due_at) where is_open;
create index view_clock_breached_idx on customer_profile.view_clock (customer_id, breached_at desc) where breached_at is not null;
comment on table customer_profile.view_clock is 'Clocks as the sla-monitor ledger tells them. state holds a number of ventanilla.sla.v1.ClockState.';
comment on column customer_profile.view_clock.ticket_id is 'The affair in subject; null for a clock of a case.';

create table customer_profile.view_case (
    case_id            uuid        not null,
    customer_id        uuid        not null,
    ticket_id          uuid        not null,
    regime             text        not null,
    state              smallint    not null,
    filed_at_office_at timestamptz not null,
    outcome            smallint    not null default 0,
    binding            boolean     not null default false,
    constraint view_case_pkey primary key (case_id)
);
create index view_case_customer_idx on customer_profile.view_case (customer_id, filed_at_office_at desc);
comment on table customer_profile.view_case is 'Cases as the ombudsman-escalation ledger tells them. Enum columns hold numbers of ventanilla.ombudsman.v1.';
