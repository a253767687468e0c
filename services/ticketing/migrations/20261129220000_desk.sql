-- What the people who work on affairs write with: attached files by reference, mentions, drafts, macros.
create table ticketing.attachment (
    message_id uuid not null,
    ordinal integer not null,
    ticket_id uuid not null,
    uri text not null,
    file_name text not null,
    media_type text not null,
    size_bytes bigint not null,
    sha256 bytea not null,
    attached_at timestamptz not null,
    constraint attachment_pkey primary key (message_id, ordinal),
    constraint attachment_size_positive check (size_bytes > 0),
    constraint attachment_hash_whole check (octet_length(sha256) = 32)
);
comment on table ticketing.attachment is 'Files that belong to messages; kept elsewhere. Personal.';
create index attachment_ticket_idx on ticketing.attachment (ticket_id);
create index attachment_hash_idx on ticketing.attachment (sha256, message_id, ordinal);

create table ticketing.scan (
    sha256 bytea not null,
    state text not null,
    since timestamptz not null,
    actor_kind text,
    actor_id text,
    actor_department text,
    constraint scan_pkey primary key (sha256),
    constraint scan_hash_whole check (octet_length(sha256) = 32),
    constraint scan_state_known check (state in ('pending', 'clean', 'infected', 'failed')),
    constraint scan_has_an_actor check ((state = 'pending') = (actor_kind is null) and (actor_kind is null) = (actor_id is null))
);
comment on table ticketing.scan is 'What was found in files, by their content; one row for every content that was ever attached or looked into.';
comment on column ticketing.scan.since is 'When it was looked at; while it is pending, when it was first attached.';
create index scan_pending_idx on ticketing.scan (since, sha256) where state = 'pending';

create table ticketing.mention (
    agent_id text not null,
    message_id uuid not null,
    ticket_id uuid not null,
    sequence integer not null,
    mentioned_at timestamptz not null,
    seen_at timestamptz,
    constraint mention_pkey primary key (agent_id, message_id)
);
comment on table ticketing.mention is 'Who was named in a note, so that they look at it.';
create index mention_message_idx on ticketing.mention (message_id);
create index mention_newest_idx on ticketing.mention (agent_id, mentioned_at, message_id);
create index mention_unseen_idx on ticketing.mention (agent_id, mentioned_at, message_id) where seen_at is null;

create table ticketing.draft (
    agent_id text not null,
    ticket_id uuid not null,
    message bytea not null,
    updated_at timestamptz not null,
    version bigint not null,
    constraint draft_pkey primary key (agent_id, ticket_id)
);
comment on table ticketing.draft is 'Messages that somebody has begun to write. Personal.';
comment on column ticketing.draft.message is 'ventanilla.ticketing.v1.Message, encoded.';
create index draft_ticket_idx on ticketing.draft (ticket_id);

create table ticketing.macro (
    macro_id text not null,
    title text not null,
    department text,
    said bytea not null,
    actor_kind text not null,
    actor_id text not null,
    actor_department text,
    created_at timestamptz not null,
    version bigint not null,
    constraint macro_pkey primary key (macro_id)
);
comment on table ticketing.macro is 'What is said and done often, kept under a name.';
comment on column ticketing.macro.said is 'ventanilla.ticketing.v1.Macro, encoded: its texts and its change; nothing in it is personal.';
