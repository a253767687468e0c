-- What customers were asked to send so that an affair can go on, with the time law gives them.
create table ticketing.cure_request (
    ticket_id           uuid        not null,
    sequence            integer     not null,
    cure_id             uuid        not null,
    missing             text        not null,
    channel             text        not null,
    due_at              timestamptz not null,
    rule                text        not null,
    least_due_at        timestamptz not null,
    proof_es            text        not null,
    proof_en            text        not null,
    message_id          uuid        not null,
    asked_by_kind       text        not null,
    asked_by_id         text        not null,
    asked_by_department text,
    asked_at            timestamptz not null,
    state               text        not null,
    settled_at          timestamptz,
    constraint cure_request_pkey primary key (ticket_id, sequence),
    constraint cure_request_id_key unique (cure_id),
    constraint cure_request_state_known check (state in ('asked', 'answered', 'lapsed')),
    constraint cure_request_end_is_dated check ((state = 'asked') = (settled_at is null)),
    constraint cure_request_gives_the_least check (due_at >= least_due_at)
);
comment on table ticketing.cure_request is 'Requests to complete an affair. Made and ended under the lock of their ticket; one runs at most.';
comment on column ticketing.cure_request.sequence is 'Place in the history of the ticket.';
comment on column ticketing.cure_request.missing is 'In words for the customer. Personal.';
comment on column ticketing.cure_request.rule is 'Rule of sla-monitor that counted least_due_at.';

alter table ticketing.ticket add column cure_id uuid;
alter table ticketing.ticket add column cure_due_at timestamptz;
alter table ticketing.ticket add constraint ticket_cure_is_whole check ((cure_id is null) = (cure_due_at is null)) not valid;
alter table ticketing.ticket validate constraint ticket_cure_is_whole;
alter table ticketing.ticket add constraint ticket_cure_while_pending check (cure_id is null or state = 'pending') not valid;
alter table ticketing.ticket validate constraint ticket_cure_while_pending;
-- Whose time is over.
create index ticket_cure_due_idx on ticketing.ticket (cure_due_at) where cure_due_at is not null;
comment on column ticketing.ticket.cure_id is 'The request to complete it that runs.';

alter table ticketing.ticket_change drop constraint ticket_change_kind_known;
alter table ticketing.ticket_change add constraint ticket_change_kind_known check (kind in ('opened', 'transitioned',
    'assigned', 'message_added', 'claim_point_answered', 'promise_made', 'promise_at_risk', 'promise_settled',
    'office_noted', 'survey_asked', 'survey_answered', 'cure_requested', 'cure_settled')) not valid;
alter table ticketing.ticket_change validate constraint ticket_change_kind_known;
