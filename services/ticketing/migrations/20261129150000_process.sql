-- Process maps: which steps affairs of one kind go through. What happened to an affair says where on its map it is; nothing of that is kept.
create table ticketing.process (
    process_id  text   not null,
    ticket_type text,
    topic       text,
    version     integer not null,
    constraint process_pkey primary key (process_id),
    constraint process_scope_key unique nulls not distinct (ticket_type, topic),
    constraint process_type_known
        check (ticket_type in ('consulta', 'queja', 'reclamacion', 'incidencia', 'solicitud', 'baja'))
);
comment on table ticketing.process is 'Process maps, and which affairs each is made for: any where a column is null.';
comment on column ticketing.process.version is 'Number of the newest version.';

create table ticketing.process_version (
    process_id       text        not null,
    version          integer     not null,
    effective_at     timestamptz not null,
    steps            jsonb       not null,
    actor_kind       text        not null,
    actor_id         text        not null,
    actor_department text,
    created_at       timestamptz not null,
    constraint process_version_pkey primary key (process_id, version),
    constraint process_version_process_fkey foreign key (process_id) references ticketing.process (process_id)
);
comment on table ticketing.process_version is 'Versions of process maps. Rows are only added; they are in force in the order of their numbers.';

-- For affairs that no other map is made for.
insert into ticketing.process (process_id, ticket_type, topic, version) values ('standard', null, null, 1);
insert into ticketing.process_version (process_id, version, effective_at, steps, actor_kind, actor_id, created_at)
values ('standard', 1, '2026-11-29 00:00:00+00', '[
    {"id": "received", "internal_title": {"es": "Recibido, sin asignar", "en": "Received, nobody on it", "ca": "Rebut, sense assignar"}, "public_title": {"es": "Recibido", "en": "Received", "ca": "Rebut"}, "public_text": {"es": "Hemos recibido su asunto y espera a que alguien se haga cargo.", "en": "We have your affair and it waits for somebody to take it up.", "ca": "Hem rebut el seu assumpte i espera que algú se''n faci càrrec."}, "public_next": {"es": "Una persona del departamento se hará cargo.", "en": "A person of the department will take it up.", "ca": "Una persona del departament se''n farà càrrec."}, "situations": [{"state": "acknowledged"}], "next": ["work", "customer", "third-party", "answered", "closed", "rejected", "withdrawn"], "may_begin": true, "may_end": false},
    {"id": "work", "internal_title": {"es": "En trabajo", "en": "In work", "ca": "En curs"}, "public_title": {"es": "En curso", "en": "In progress", "ca": "En curs"}, "public_text": {"es": "Estamos trabajando en ello.", "en": "We are working on it.", "ca": "Hi estem treballant."}, "public_next": {"es": "El departamento le responderá. No tiene que hacer nada.", "en": "The department will answer you. You need not do anything.", "ca": "El departament li respondrà. No cal que faci res."}, "situations": [{"state": "in_progress"}], "next": ["answered", "customer", "third-party", "received", "closed", "rejected", "withdrawn"], "may_begin": false, "may_end": false},
    {"id": "customer", "internal_title": {"es": "A la espera del cliente", "en": "Waiting for the customer", "ca": "A l''espera del client"}, "public_title": {"es": "Esperamos su respuesta", "en": "We wait for you", "ca": "Esperem la seva resposta"}, "public_text": {"es": "Necesitamos algo de usted para seguir.", "en": "We need something from you to go on.", "ca": "Necessitem alguna cosa de vostè per continuar."}, "public_next": {"es": "Envíenos lo que le ha pedido el departamento.", "en": "Please send what the department asked you for.", "ca": "Enviï''ns el que li ha demanat el departament."}, "situations": [{"state": "pending"}], "next": ["work", "third-party", "received", "answered", "closed", "rejected", "withdrawn"], "may_begin": false, "may_end": false},
    {"id": "third-party", "internal_title": {"es": "A la espera de un tercero", "en": "Waiting for a third party", "ca": "A l''espera d''un tercer"}, "public_title": {"es": "A la espera de un tercero", "en": "Waiting for somebody else", "ca": "A l''espera d''un tercer"}, "public_text": {"es": "Esperamos a un tercero para seguir. Sus plazos siguen corriendo.", "en": "We are waiting for somebody else to go on. Your deadlines keep running.", "ca": "Esperem un tercer per continuar. Els seus terminis segueixen corrent."}, "public_next": {"es": "El departamento le responderá. No tiene que hacer nada.", "en": "The department will answer you. You need not do anything.", "ca": "El departament li respondrà. No cal que faci res."}, "situations": [{"state": "held"}], "next": ["work", "customer", "received", "answered", "closed", "rejected", "withdrawn"], "may_begin": false, "may_end": false},
    {"id": "answered", "internal_title": {"es": "Respondido, puede objetarse", "en": "Answered, may be objected to", "ca": "Respost, s''hi pot oposar"}, "public_title": {"es": "Respondido", "en": "Answered", "ca": "Respost"}, "public_text": {"es": "Hemos respondido a todos los puntos.", "en": "We have answered every point.", "ca": "Hem respost tots els punts."}, "public_next": {"es": "Díganos si acepta la respuesta o si no está de acuerdo.", "en": "Tell us if you accept the answer, or object to it.", "ca": "Digui''ns si accepta la resposta o si no hi està d''acord."}, "situations": [{"state": "resolved"}], "next": ["closed", "work"], "may_begin": false, "may_end": true},
    {"id": "closed", "internal_title": {"es": "Cerrado", "en": "Closed", "ca": "Tancat"}, "public_title": {"es": "Cerrado", "en": "Closed", "ca": "Tancat"}, "public_text": {"es": "El asunto está cerrado.", "en": "It is over.", "ca": "L''assumpte està tancat."}, "public_next": {"es": "Nada. Si el problema vuelve, díganoslo y haremos el seguimiento.", "en": "Nothing. If the matter comes back, tell us and we follow it up.", "ca": "Res. Si el problema torna, digui''ns-ho i en farem el seguiment."}, "situations": [{"state": "closed"}], "next": [], "may_begin": false, "may_end": true},
    {"id": "rejected", "internal_title": {"es": "No admitido", "en": "Not taken up", "ca": "No admès"}, "public_title": {"es": "No admitido", "en": "Not taken up", "ca": "No admès"}, "public_text": {"es": "No lo hemos admitido, y le hemos explicado el motivo.", "en": "We have not taken it up, and have told you why.", "ca": "No l''hem admès, i n''hem explicat el motiu."}, "public_next": {"es": "Puede dirigirse a los organismos que indicamos en nuestra respuesta.", "en": "You can turn to the bodies named in our answer.", "ca": "Pot adreçar-se als organismes que indiquem a la nostra resposta."}, "situations": [{"state": "rejected"}], "next": [], "may_begin": false, "may_end": true},
    {"id": "withdrawn", "internal_title": {"es": "Retirado por el cliente", "en": "Withdrawn by the customer", "ca": "Retirat pel client"}, "public_title": {"es": "Retirado", "en": "Withdrawn", "ca": "Retirat"}, "public_text": {"es": "Se ha retirado a petición suya.", "en": "It was withdrawn at your request.", "ca": "S''ha retirat a petició seva."}, "public_next": {"es": "Nada. Si el problema vuelve, díganoslo y haremos el seguimiento.", "en": "Nothing. If the matter comes back, tell us and we follow it up.", "ca": "Res. Si el problema torna, digui''ns-ho i en farem el seguiment."}, "situations": [{"state": "cancelled"}], "next": [], "may_begin": false, "may_end": true}
]', 'system', 'ticketing', '2026-11-29 00:00:00+00');

-- Which affairs were first received in some time.
create index ticket_first_received_idx on ticketing.ticket (first_received_at, ticket_id);

alter table ticketing.agent add column public_name text not null default '';
comment on column ticketing.agent.public_name is 'What customers are told the agent is called; empty when no name is told.';

alter table ticketing.ticket_change drop constraint ticket_change_kind_known;
alter table ticketing.ticket_change add constraint ticket_change_kind_known check (kind in ('opened', 'transitioned',
    'assigned', 'message_added', 'claim_point_answered', 'promise_made', 'promise_at_risk', 'promise_settled',
    'office_noted', 'survey_asked', 'survey_answered', 'cure_requested', 'cure_settled', 'affected', 'unaffected',
    'supervisor_called', 'reclassified', 'split', 'merged', 'unmerged', 'linked', 'unlinked', 'step_entered')) not valid;
alter table ticketing.ticket_change validate constraint ticket_change_kind_known;
