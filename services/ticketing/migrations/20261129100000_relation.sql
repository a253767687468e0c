-- What an affair is to others: said of two, never edited, perhaps ended.
create table ticketing.ticket_link (
    link_id              uuid        not null,
    kind                 text        not null,
    from_ticket          uuid        not null,
    to_ticket            uuid        not null,
    reason               text,
    actor_kind           text        not null,
    actor_id             text        not null,
    actor_department     text,
    created_at           timestamptz not null,
    ended_at             timestamptz,
    end_reason           text,
    end_actor_kind       text,
    end_actor_id         text,
    end_actor_department text,
    constraint ticket_link_pkey primary key (link_id),
    constraint ticket_link_from_fkey foreign key (from_ticket) references ticketing.ticket (ticket_id),
    constraint ticket_link_to_fkey foreign key (to_ticket) references ticketing.ticket (ticket_id),
    constraint ticket_link_kind_known check (kind in ('parent_of', 'duplicate_of', 'caused_by', 'split_from', 'merged_into')),
    constraint ticket_link_of_two check (from_ticket <> to_ticket),
    constraint ticket_link_end_is_whole check ((ended_at is null) = (end_actor_id is null) and (ended_at is null) = (end_actor_kind is null))
);
create unique index ticket_link_said_once_idx on ticketing.ticket_link (from_ticket, to_ticket, kind) where ended_at is null;
create unique index ticket_link_merged_once_idx on ticketing.ticket_link (from_ticket) where kind = 'merged_into' and ended_at is null;
create unique index ticket_link_one_parent_idx on ticketing.ticket_link (to_ticket) where kind = 'parent_of' and ended_at is null;
create index ticket_link_from_idx on ticketing.ticket_link (from_ticket, created_at, link_id);
create index ticket_link_to_idx on ticketing.ticket_link (to_ticket, created_at, link_id);
comment on table ticketing.ticket_link is 'Links between tickets. That one follows up another is told by ticket.follow_up_of. Nothing in it is personal.';

alter table ticketing.ticket add column merged_into uuid;
alter table ticketing.ticket add column merged_head uuid;
alter table ticketing.ticket add column merged_count integer not null default 0;
alter table ticketing.ticket add constraint ticket_merged_is_whole
    check ((merged_into is null) = (merged_head is null) and merged_into <> ticket_id and merged_head <> ticket_id
           and merged_count >= 0 and (merged_into is null or merged_count = 0)) not valid;
alter table ticketing.ticket validate constraint ticket_merged_is_whole;
create index ticket_merged_head_idx on ticketing.ticket (merged_head, ticket_id) where merged_head is not null;
create index ticket_follow_up_of_idx on ticketing.ticket (follow_up_of, created_at, ticket_id) where follow_up_of is not null;
comment on column ticketing.ticket.merged_into is 'The ticket it was merged into: the active link of that kind.';
comment on column ticketing.ticket.merged_head is 'The ticket that all of them are answered with. Changes under the locks of the heads concerned.';
comment on column ticketing.ticket.merged_count is 'Of a head: how many others have it for theirs.';

alter table ticketing.claim_point add column moved_to uuid;
comment on column ticketing.claim_point.moved_to is 'The ticket that was split off with it and answers it now.';

alter table ticketing.ticket_change drop constraint ticket_change_kind_known;
alter table ticketing.ticket_change add constraint ticket_change_kind_known check (kind in ('opened', 'transitioned',
    'assigned', 'message_added', 'claim_point_answered', 'promise_made', 'promise_at_risk', 'promise_settled',
    'office_noted', 'survey_asked', 'survey_answered', 'cure_requested', 'cure_settled', 'affected', 'unaffected',
    'supervisor_called', 'reclassified', 'split', 'merged', 'unmerged', 'linked', 'unlinked')) not valid;
alter table ticketing.ticket_change validate constraint ticket_change_kind_known;
