-- What was said and what was promised.
create table ticketing.message (
    ticket_id        uuid        not null,
    sequence         integer     not null,
    message_id       uuid        not null,
    direction        text,
    visibility       text        not null,
    channel          text,
    body             text        not null,
    actor_kind       text        not null,
    actor_id         text        not null,
    actor_department text,
    occurred_at      timestamptz not null,
    created_at       timestamptz not null,
    constraint message_pkey primary key (ticket_id, sequence),
    constraint message_id_key unique (message_id),
    constraint message_visibility_known check (visibility in ('public', 'internal')),
    constraint message_direction_known check (direction in ('inbound', 'outbound')),
    constraint message_public_has_a_way
        check (visibility = 'internal' or (direction is not null and channel is not null))
);
comment on table ticketing.message is 'Messages and notes, in the order they were written down. Never updated.';

create table ticketing.promise (
    promise_id        uuid        not null,
    ticket_id         uuid        not null,
    sequence          integer     not null,
    text              text        not null,
    due_at            timestamptz not null,
    channel           text        not null,
    replaces          uuid,
    made_by_kind       text        not null,
    made_by_id         text        not null,
    made_by_department text,
    made_at           timestamptz not null,
    state             text        not null,
    state_since       timestamptz,
    clock_id          uuid,
    cause             text,
    version           bigint      not null,
    constraint promise_pkey primary key (promise_id),
    constraint promise_ticket_sequence_key unique (ticket_id, sequence),
    constraint promise_replaces_key unique (replaces),
    constraint promise_state_known
        check (state in ('made', 'at_risk', 'kept', 'renegotiated', 'broken_announced', 'broken_silent')),
    constraint promise_state_is_dated check ((state = 'made') = (state_since is null)),
    constraint promise_at_risk_names_its_clock check ((state = 'at_risk') = (clock_id is not null)),
    constraint promise_due_after_made check (due_at > made_at)
);
create index promise_running_idx on ticketing.promise (ticket_id, due_at) where state in ('made', 'at_risk');
comment on table ticketing.promise is 'Who promised what, when it falls due, and how it ended. Changes under the lock of its ticket.';
comment on column ticketing.promise.replaces is 'The promise this one took the place of; a promise is replaced once.';
