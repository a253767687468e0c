-- Exit interviews, who may read what was said, and how it sounds.
alter table customer_profile.interaction
    add column kind               text     not null default 'contact',
    add column exit_reasons       text[]   not null default '{}',
    add column offer_made         boolean  not null default false,
    add column discretion         text     not null default 'open',
    add column sentiment_language text,
    add column sentiment_score    smallint,
    add constraint interaction_kind_known check (kind in ('contact', 'exit_interview')),
    add constraint interaction_exit_reasons check ((kind = 'exit_interview') = (cardinality(exit_reasons) between 1 and 5)),
    add constraint interaction_exit_without_pitch check (not (kind = 'exit_interview' and offer_made)),
    add constraint interaction_discretion_known check (discretion in ('open', 'department', 'sealed')),
    add constraint interaction_sentiment check (
        (sentiment_language is null) = (sentiment_score is null) and sentiment_score between -100 and 100);
comment on column customer_profile.interaction.discretion is 'Who may read summary, what_customer_said, exit_reasons and the sentiment.';
comment on column customer_profile.interaction.sentiment_score is 'How what_customer_said sounds; null when it was in no language that is weighed, or recorded before anything was.';
