-- What customers thought of how their affairs were handled, as the ticketing ledger tells it.
create table customer_profile.view_survey (
    ticket_id   uuid        not null,
    customer_id uuid        not null,
    asked_at    timestamptz not null,
    answered_at timestamptz,
    csat        smallint,
    nps         smallint,
    ces         smallint,
    causes      integer[]   not null default '{}',
    department  text        not null,
    constraint view_survey_pkey primary key (ticket_id)
);
create index view_survey_customer_idx on customer_profile.view_survey (customer_id, asked_at desc, ticket_id);
comment on table customer_profile.view_survey is 'Surveys as the ticketing ledger tells them, without the words. causes holds numbers of ventanilla.ticketing.v1.SatisfactionCause.';
