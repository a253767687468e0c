-- Affairs with their claim points, receipt and history.
create table ticketing.ticket (
    ticket_id         uuid        not null,
    customer_id       uuid        not null,
    ticket_type       text        not null,
    severity          text        not null,
    subject           text        not null,
    channel           text        not null,
    language          text        not null,
    sector            text        not null,
    topic             text,
    first_received_at timestamptz not null,
    tracking_key      text        not null,
    proof_salt        bytea       not null,
    proof_hash        bytea       not null,
    interaction_id    uuid,
    follow_up_of      uuid,
    department        text        not null,
    owner             text,
    state             text        not null,
    state_reason      text,
    state_since       timestamptz not null,
    resolution        text,
    signpost          text,
    office_case_id    uuid,
    office_case_open  boolean,
    last_change_at    timestamptz not null,
    change_count      integer     not null,
    created_at        timestamptz not null,
    updated_at        timestamptz not null,
    version           bigint      not null,
    constraint ticket_pkey primary key (ticket_id),
    constraint ticket_tracking_key_key unique (tracking_key),
    constraint ticket_type_known
        check (ticket_type in ('consulta', 'queja', 'reclamacion', 'incidencia', 'solicitud', 'baja')),
    constraint ticket_severity_known check (severity in ('low', 'medium', 'high', 'critical')),
    constraint ticket_state_known check (state in
        ('acknowledged', 'in_progress', 'pending', 'held', 'resolved', 'closed', 'rejected', 'cancelled')),
    constraint ticket_resolution_when_resolved check ((state in ('resolved', 'closed')) = (resolution is not null)),
    constraint ticket_signpost_when_rejected check ((state = 'rejected') = (signpost is not null)),
    constraint ticket_office_case_is_whole check ((office_case_id is null) = (office_case_open is null)),
    constraint ticket_first_received_before_change check (first_received_at <= last_change_at),
    constraint ticket_proof_hash_is_sha256 check (octet_length(proof_hash) = 32)
);
create index ticket_customer_idx on ticketing.ticket (customer_id, created_at desc, ticket_id desc);
create index ticket_department_state_idx on ticketing.ticket (department, state, created_at desc, ticket_id desc);
create index ticket_created_idx on ticketing.ticket (created_at desc, ticket_id desc);
comment on table ticketing.ticket is 'One row per affair. Its state changes under the row''s lock only.';
comment on column ticketing.ticket.customer_id is 'Customer of customer-profile; ids that were ever given keep resolving there.';
comment on column ticketing.ticket.first_received_at is 'First receipt in any department: where every legal clock starts. Never updated.';
comment on column ticketing.ticket.tracking_key is 'Canonical spelling without hyphens, check character included.';
comment on column ticketing.ticket.proof_hash is 'Salted hash of the proof the customer was told once.';
comment on column ticketing.ticket.last_change_at is 'When the ticket last changed in the world; no change may be stated earlier.';
comment on column ticketing.ticket.change_count is 'Sequence number of the last row in ticket_change, message and promise alike.';
comment on column ticketing.ticket.version is 'The etag.';

create table ticketing.claim_point (
    ticket_id   uuid        not null,
    ordinal     integer     not null,
    text        text        not null,
    answer      text,
    answered_at timestamptz,
    constraint claim_point_pkey primary key (ticket_id, ordinal),
    constraint claim_point_ticket_fkey foreign key (ticket_id) references ticketing.ticket (ticket_id),
    constraint claim_point_answer_is_dated check ((answer is null) = (answered_at is null))
);
comment on table ticketing.claim_point is 'What the customer claims, point by point; the point''s id is p and the ordinal.';

create table ticketing.receipt (
    ticket_id    uuid        not null,
    received_at  timestamptz not null,
    text         text        not null,
    content_hash bytea       not null,
    constraint receipt_pkey primary key (ticket_id),
    constraint receipt_ticket_fkey foreign key (ticket_id) references ticketing.ticket (ticket_id),
    constraint receipt_content_hash_is_sha256 check (octet_length(content_hash) = 32)
);
comment on table ticketing.receipt is 'The receipt as it was given to the customer. Never updated.';

create table ticketing.ticket_change (
    ticket_id        uuid        not null,
    sequence         integer     not null,
    kind             text        not null,
    from_state       text,
    to_state         text,
    reason           text,
    department       text        not null,
    related          text,
    note             text,
    actor_kind       text        not null,
    actor_id         text        not null,
    actor_department text,
    occurred_at      timestamptz not null,
    recorded_at      timestamptz not null,
    constraint ticket_change_pkey primary key (ticket_id, sequence),
    constraint ticket_change_kind_known check (kind in ('opened', 'transitioned', 'assigned', 'message_added',
        'claim_point_answered', 'promise_made', 'promise_at_risk', 'promise_settled', 'office_noted'))
);
comment on table ticketing.ticket_change is 'History of each ticket: who did what when. Rows are only added.';
comment on column ticketing.ticket_change.related is 'Name or id of what else it is about: message, promise, claim point, case.';
comment on column ticketing.ticket_change.note is 'The text a state was entered with (resolution, signpost), kept when a reopening takes it from the ticket.';
