-- Cases whose dossier lacks the customer as the screen showed them: customer-profile was silent when they were opened. Rows go once it was asked.

create table ombudsman.missing_screen (
    case_id  uuid        not null,
    asked_at timestamptz not null,
    constraint missing_screen_pkey primary key (case_id)
);
create index missing_screen_asked_idx on ombudsman.missing_screen (asked_at, case_id);
comment on table ombudsman.missing_screen is 'What is still to be taken into a dossier: the customer as they were known when the case was opened.';
comment on column ombudsman.missing_screen.asked_at is 'When customer-profile was asked last.';
