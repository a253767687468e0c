-- What customers thought of how their affairs were handled: asked once, after the answer.
create table ticketing.survey (
    ticket_id              uuid        not null,
    channel                text        not null,
    asked_by_kind          text        not null,
    asked_by_id            text        not null,
    asked_by_department    text,
    asked_at               timestamptz not null,
    answered_at            timestamptz,
    answered_by_kind       text,
    answered_by_id         text,
    answered_by_department text,
    answer_channel         text,
    csat                   smallint,
    nps                    smallint,
    ces                    smallint,
    causes                 text[]      not null default '{}',
    verbatim               text,
    version                bigint      not null,
    constraint survey_pkey primary key (ticket_id),
    constraint survey_answer_is_whole check (
        (answered_at is null) = (answered_by_kind is null)
        and (answered_at is null) = (answered_by_id is null)
        and (answered_at is null) = (answer_channel is null)),
    constraint survey_answer_says_something check (
        (answered_at is null) = (csat is null and nps is null and ces is null and verbatim is null)),
    constraint survey_csat_on_its_scale check (csat between 1 and 5),
    constraint survey_nps_on_its_scale check (nps between 0 and 10),
    constraint survey_ces_on_its_scale check (ces between 1 and 7)
);
comment on table ticketing.survey is 'The one survey of an affair. Asked under the lock of its ticket, answered once.';
comment on column ticketing.survey.verbatim is 'In the words of the customer. Personal.';

alter table ticketing.ticket_change drop constraint ticket_change_kind_known;
alter table ticketing.ticket_change add constraint ticket_change_kind_known check (kind in ('opened', 'transitioned',
    'assigned', 'message_added', 'claim_point_answered', 'promise_made', 'promise_at_risk', 'promise_settled',
    'office_noted', 'survey_asked', 'survey_answered')) not valid;
alter table ticketing.ticket_change validate constraint ticket_change_kind_known;
