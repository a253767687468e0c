-- What is learned from affairs: causes, what customers were given, answers that are kept.
create table ticketing.cause (
    cause_id text not null,
    title text not null,
    department text,
    content bytea not null,
    actor_kind text not null,
    actor_id text not null,
    actor_department text,
    created_at timestamptz not null,
    version bigint not null,
    constraint cause_pkey primary key (cause_id)
);
comment on table ticketing.cause is 'What brings affairs about: a tree.';
comment on column ticketing.cause.content is 'ventanilla.ticketing.v1.RootCause, encoded: what it says beside title and department.';

create table ticketing.cause_parent (
    cause_id text not null,
    parent text not null,
    constraint cause_parent_pkey primary key (cause_id)
);
comment on table ticketing.cause_parent is 'What each cause is a kind of, as it says; of one at the top there is no row.';
create index cause_parent_idx on ticketing.cause_parent (parent);

alter table ticketing.ticket add column root_cause text;
comment on column ticketing.ticket.root_cause is 'What brought the affair about, as somebody said.';

create table ticketing.redress_item (
    item_id text not null,
    title text not null,
    department text,
    content bytea not null,
    actor_kind text not null,
    actor_id text not null,
    actor_department text,
    created_at timestamptz not null,
    version bigint not null,
    constraint redress_item_pkey primary key (item_id)
);
comment on table ticketing.redress_item is 'What customers are given, and who grants how much of it.';
comment on column ticketing.redress_item.content is 'ventanilla.ticketing.v1.RedressItem, encoded: what it says beside title and department.';

create table ticketing.redress (
    redress_id uuid not null,
    ticket_id uuid not null,
    item_id text not null,
    currency text,
    minor_units bigint,
    reason text not null,
    actor_kind text not null,
    actor_id text not null,
    actor_department text,
    proposed_at timestamptz not null,
    needed smallint not null,
    granted_by_kind text[] not null default '{}',
    granted_by_id text[] not null default '{}',
    granted_by_department text[] not null default '{}',
    state text not null,
    decided_at timestamptz,
    refused_by_kind text,
    refused_by_id text,
    refused_by_department text,
    refusal text,
    given_at timestamptz,
    reference text,
    version bigint not null,
    constraint redress_pkey primary key (redress_id),
    constraint redress_state_known check (state in ('proposed', 'granted', 'refused', 'given')),
    constraint redress_amount_is_whole check ((currency is null) = (minor_units is null) and (minor_units is null or minor_units > 0)),
    constraint redress_is_decided_once check ((state = 'proposed') = (decided_at is null)),
    constraint redress_refusal_is_whole check ((state = 'refused') = (refusal is not null) and (refusal is null) = (refused_by_id is null)
        and (refused_by_kind is null) = (refused_by_id is null)),
    constraint redress_given_is_whole check ((state = 'given') = (given_at is not null) and (given_at is null) = (reference is null))
);
comment on table ticketing.redress is 'What one customer is given in one affair. Reason, refusal and reference are personal.';
create index redress_ticket_idx on ticketing.redress (ticket_id, proposed_at, redress_id);
create index redress_waiting_idx on ticketing.redress (state, (coalesce(decided_at, proposed_at)), redress_id) where state in ('proposed', 'granted');

create table ticketing.article (
    article_id text not null,
    number integer not null,
    department text not null,
    public boolean not null,
    state text not null,
    version bigint not null,
    constraint article_pkey primary key (article_id),
    constraint article_state_known check (state in ('draft', 'published', 'retired'))
);
comment on table ticketing.article is 'Answers that are kept, as they stand.';

create table ticketing.article_version (
    article_id text not null,
    number integer not null,
    content bytea not null,
    actor_kind text not null,
    actor_id text not null,
    actor_department text,
    created_at timestamptz not null,
    constraint article_version_pkey primary key (article_id, number)
);
comment on table ticketing.article_version is 'Every version of every article; none is ever changed.';
comment on column ticketing.article_version.content is 'ventanilla.ticketing.v1.Article, encoded, without what is only told.';

create table ticketing.article_question (
    language text not null,
    question text not null,
    article_id text not null,
    constraint article_question_pkey primary key (language, question)
);
comment on table ticketing.article_question is 'Questions of published articles, case, accents and punctuation apart: one question has one answer.';
create index article_question_article_idx on ticketing.article_question (article_id);

create table ticketing.article_words (
    article_id text not null,
    language text not null,
    words tsvector not null,
    constraint article_words_pkey primary key (article_id, language)
);
comment on table ticketing.article_words is 'Words of published articles, question and answer together.';
create index article_words_idx on ticketing.article_words using gin (words);

create table ticketing.citation (
    ticket_id uuid not null,
    article_id text not null,
    number integer not null,
    actor_kind text not null,
    actor_id text not null,
    actor_department text,
    created_at timestamptz not null,
    constraint citation_pkey primary key (ticket_id, article_id)
);
comment on table ticketing.citation is 'Which affairs were answered with which articles.';
create index citation_article_idx on ticketing.citation (article_id);

alter table ticketing.ticket_change drop constraint ticket_change_kind_known;
alter table ticketing.ticket_change add constraint ticket_change_kind_known check (kind in ('opened', 'transitioned',
    'assigned', 'message_added', 'claim_point_answered', 'promise_made', 'promise_at_risk', 'promise_settled',
    'office_noted', 'survey_asked', 'survey_answered', 'cure_requested', 'cure_settled', 'affected', 'unaffected',
    'supervisor_called', 'reclassified', 'split', 'merged', 'unmerged', 'linked', 'unlinked', 'step_entered',
    'promise_attempted', 'root_cause_stated', 'redress_proposed', 'redress_decided', 'redress_given', 'article_cited')) not valid;
alter table ticketing.ticket_change validate constraint ticket_change_kind_known;
