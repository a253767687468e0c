-- What customers are told before a promise to them is broken.
create table ticketing.notice_template (
    template_id text not null,
    title text not null,
    department text,
    content bytea not null,
    actor_kind text not null,
    actor_id text not null,
    actor_department text,
    created_at timestamptz not null,
    version bigint not null,
    constraint notice_template_pkey primary key (template_id)
);
comment on table ticketing.notice_template is 'In which words customers are told that a promise will not be kept.';
comment on column ticketing.notice_template.content is 'ventanilla.ticketing.v1.NoticeTemplate, encoded: what it says beside title and department, who wrote it as it stands and who approved it; nothing in it is personal.';

create table ticketing.notice (
    notice_id uuid not null,
    ticket_id uuid not null,
    sequence integer not null,
    promise_id uuid not null,
    new_promise_id uuid not null,
    template_id text not null,
    language text not null,
    text text not null,
    cause text not null,
    due_at timestamptz not null,
    new_due_at timestamptz not null,
    channel text not null,
    send_at timestamptz not null,
    quiet_at timestamptz,
    quiet_channel text,
    message_id uuid,
    written_at timestamptz not null,
    handings integer not null default 0,
    handed_at timestamptz,
    next_at timestamptz not null,
    failure text,
    state text not null,
    ended_at timestamptz,
    constraint notice_pkey primary key (notice_id),
    constraint notice_ticket_sequence_key unique (ticket_id, sequence),
    constraint notice_promise_key unique (promise_id),
    constraint notice_new_promise_key unique (new_promise_id),
    constraint notice_state_known check (state in ('waiting', 'handed', 'delivered', 'undeliverable', 'withdrawn')),
    constraint notice_end_is_dated check ((state in ('waiting', 'handed')) = (ended_at is null)),
    constraint notice_handing_is_dated check ((handings > 0) = (handed_at is not null)),
    constraint notice_quiet_whole check ((quiet_at is null) = (quiet_channel is null)),
    constraint notice_promises_more_time check (new_due_at > due_at)
);
comment on table ticketing.notice is 'What one customer is told of one promise, and what became of it on its way. Its text is personal. It is handed over under its own lock, and changes otherwise under that of its ticket.';
comment on column ticketing.notice.send_at is 'From when on it may be sent: not in hours in which the customer is not to be disturbed.';
comment on column ticketing.notice.handed_at is 'When it was handed first to who delivers it: by due_at, the promise is not broken in silence.';
comment on column ticketing.notice.next_at is 'From when on it may be handed over: it waits until then, or somebody has it until then.';
comment on column ticketing.notice.quiet_at is 'When its channel would disturb from then on: then it goes by quiet_channel.';
create index notice_waiting_idx on ticketing.notice (next_at, notice_id) where state in ('waiting', 'handed');
create index notice_handed_idx on ticketing.notice (next_at, notice_id) where state = 'handed';
create index promise_at_risk_idx on ticketing.promise (due_at, promise_id) where state = 'at_risk';

alter table ticketing.ticket_change drop constraint ticket_change_kind_known;
alter table ticketing.ticket_change add constraint ticket_change_kind_known check (kind in ('opened', 'transitioned',
    'assigned', 'message_added', 'claim_point_answered', 'promise_made', 'promise_at_risk', 'promise_settled',
    'office_noted', 'survey_asked', 'survey_answered', 'cure_requested', 'cure_settled', 'affected', 'unaffected',
    'supervisor_called', 'reclassified', 'split', 'merged', 'unmerged', 'linked', 'unlinked', 'step_entered',
    'promise_attempted', 'root_cause_stated', 'redress_proposed', 'redress_decided', 'redress_given', 'article_cited',
    'notice_written', 'notice_reported')) not valid;
alter table ticketing.ticket_change validate constraint ticket_change_kind_known;
