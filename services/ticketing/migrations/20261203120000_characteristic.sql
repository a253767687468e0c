-- Which facts the house asks for of affairs of a kind, and what each affair is known by.
create table ticketing.characteristic_set (
    set_id      text    not null,
    ticket_type text    not null,
    topic       text,
    version     integer not null,
    constraint characteristic_set_pkey primary key (set_id),
    constraint characteristic_set_scope_key unique nulls not distinct (ticket_type, topic),
    constraint characteristic_set_type_known
        check (ticket_type in ('consulta', 'queja', 'reclamacion', 'incidencia', 'solicitud', 'baja'))
);
comment on table ticketing.characteristic_set is 'Sets of characteristics, and which affairs each is made for: any topic where that is null.';
comment on column ticketing.characteristic_set.version is 'Number of the newest version, which affairs are held against.';

create table ticketing.characteristic_set_version (
    set_id           text        not null,
    version          integer     not null,
    content          bytea       not null,
    actor_kind       text        not null,
    actor_id         text        not null,
    actor_department text,
    created_at       timestamptz not null,
    constraint characteristic_set_version_pkey primary key (set_id, version),
    constraint characteristic_set_version_set_fkey foreign key (set_id) references ticketing.characteristic_set (set_id)
);
comment on table ticketing.characteristic_set_version is 'Versions of sets of characteristics. Rows are only added.';
comment on column ticketing.characteristic_set_version.content is 'Its rules, as the contract spells them.';

alter table ticketing.ticket
    add column characteristics            jsonb,
    add column characteristic_set         text,
    add column characteristic_set_version integer;
comment on column ticketing.ticket.characteristics is 'What the affair is known by, in the order of the names; null for nothing. Personal.';
comment on column ticketing.ticket.characteristic_set is 'The set it was held against last; null where none was made for it.';

alter table ticketing.ticket_change drop constraint ticket_change_kind_known;
alter table ticketing.ticket_change add constraint ticket_change_kind_known check (kind in ('opened', 'transitioned',
    'assigned', 'message_added', 'claim_point_answered', 'promise_made', 'promise_at_risk', 'promise_settled',
    'office_noted', 'survey_asked', 'survey_answered', 'cure_requested', 'cure_settled', 'affected', 'unaffected',
    'supervisor_called', 'reclassified', 'split', 'merged', 'unmerged', 'linked', 'unlinked', 'step_entered',
    'promise_attempted', 'root_cause_stated', 'redress_proposed', 'redress_decided', 'redress_given', 'article_cited',
    'notice_written', 'notice_reported', 'characteristics_stated')) not valid;
