-- Mass incidents: one cause, many affairs, and what everybody affected was told.
create table ticketing.incident (
    incident_id      uuid        not null,
    title            text        not null,
    department       text        not null,
    topic            text,
    started_at       timestamptz not null,
    over_at          timestamptz,
    expected_end_at  timestamptz,
    update_count     integer     not null,
    affected_count   integer     not null,
    telling          boolean     not null,
    actor_kind       text        not null,
    actor_id         text        not null,
    actor_department text,
    created_at       timestamptz not null,
    version          bigint      not null,
    constraint incident_pkey primary key (incident_id),
    constraint incident_counts_are_counts check (update_count >= 0 and affected_count >= 0)
);
create index incident_created_idx on ticketing.incident (created_at desc, incident_id desc);
create index incident_open_idx on ticketing.incident (created_at desc, incident_id desc) where over_at is null;
create index incident_telling_idx on ticketing.incident (incident_id) where telling;
comment on table ticketing.incident is 'Mass incidents. Affairs join and leave, and updates are numbered, under the row''s lock. Nothing in it is personal.';
comment on column ticketing.incident.telling is 'Some affair may not have been told the last update yet.';

create table ticketing.incident_update (
    incident_id      uuid        not null,
    number           integer     not null,
    languages        text[]      not null,
    texts            text[]      not null,
    expected_end_at  timestamptz,
    over             boolean     not null,
    told_count       integer     not null,
    actor_kind       text        not null,
    actor_id         text        not null,
    actor_department text,
    traceparent      text        not null,
    told_at          timestamptz not null,
    constraint incident_update_pkey primary key (incident_id, number),
    constraint incident_update_incident_fkey foreign key (incident_id) references ticketing.incident (incident_id),
    constraint incident_update_texts_are_pairs check (cardinality(languages) = cardinality(texts) and cardinality(texts) > 0)
);
comment on table ticketing.incident_update is 'What those affected are told. Rows are added; only told_count grows.';

alter table ticketing.ticket add column incident_id uuid;
alter table ticketing.ticket add column incident_told integer;
alter table ticketing.ticket add constraint ticket_incident_is_whole
    check ((incident_id is null) = (incident_told is null)) not valid;
alter table ticketing.ticket validate constraint ticket_incident_is_whole;
-- Who has not been told yet, and who belongs to an incident.
create index ticket_incident_told_idx on ticketing.ticket (incident_id, incident_told, ticket_id) where incident_id is not null;
create index ticket_incident_idx on ticketing.ticket (incident_id, created_at desc, ticket_id desc) where incident_id is not null;
comment on column ticketing.ticket.incident_told is 'Number of the last update that stands in it.';

alter table ticketing.ticket_change drop constraint ticket_change_kind_known;
alter table ticketing.ticket_change add constraint ticket_change_kind_known check (kind in ('opened', 'transitioned',
    'assigned', 'message_added', 'claim_point_answered', 'promise_made', 'promise_at_risk', 'promise_settled',
    'office_noted', 'survey_asked', 'survey_answered', 'cure_requested', 'cure_settled', 'affected', 'unaffected')) not valid;
alter table ticketing.ticket_change validate constraint ticket_change_kind_known;
