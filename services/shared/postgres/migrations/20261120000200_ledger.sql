-- The ledger of a service: outbox, audit log and event feed in one.
-- House tables: they stand in every service's schema (search_path points at it).
create table ledger_inbox (
    inbox_id         bigint generated always as identity,
    entry_id         uuid        not null,
    aggregate        text        not null,
    type             text        not null,
    occurred_at      timestamptz not null,
    recorded_at      timestamptz not null,
    actor_kind       text        not null,
    actor_id         text        not null,
    actor_department text,
    traceparent      text        not null,
    payload          bytea       not null,
    commitment       bytea,
    salt             bytea,
    personal         bytea,
    constraint ledger_inbox_pkey primary key (inbox_id),
    constraint ledger_inbox_personal_is_committed
        check ((commitment is null) = (salt is null) and (commitment is null) = (personal is null))
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
comment on table ledger_inbox is 'Entries committed with their effect, waiting for a position. Insert after the aggregate is locked, so that inbox_id keeps the order of its writes.';

create table ledger (
    position         bigint      not null,
    entry_id         uuid        not null,
    aggregate        text        not null,
    type             text        not null,
    occurred_at      timestamptz not null,
    recorded_at      timestamptz not null,
    actor_kind       text        not null,
    actor_id         text        not null,
    actor_department text,
    traceparent      text        not null,
    payload          bytea       not null,
    commitment       bytea,
    prev_hash        bytea       not null,
    hash             bytea       not null,
    constraint ledger_pkey primary key (position),
    constraint ledger_entry_id_key unique (entry_id),
    constraint ledger_hashes_are_sha256 check (octet_length(prev_hash) = 32 and octet_length(hash) = 32)
);
create index ledger_aggregate_idx on ledger (aggregate, position);
comment on table ledger is 'Append-only, positions from 1 without gaps, each entry chained to the one before by SHA-256.';

create table ledger_personal (
    position bigint not null,
    salt     bytea  not null,
    personal bytea  not null,
    constraint ledger_personal_pkey primary key (position)
);
comment on table ledger_personal is 'The erasable part of an entry, bound to it by a salted commitment. Deleting the row erases it; the chain still verifies.';

create table ledger_head (
    only_row boolean not null default true,
    position bigint  not null,
    hash     bytea   not null,
    constraint ledger_head_pkey primary key (only_row),
    constraint ledger_head_is_one_row check (only_row)
);
insert into ledger_head (position, hash) values (0, decode(repeat('00', 32), 'hex'));
comment on table ledger_head is 'Where the ledger stands. Its row lock is what makes two sequencers safe.';

create table ledger_cursor (
    source        text        not null,
    position      bigint      not null default 0,
    head_position bigint      not null default 0,
    as_of         timestamptz,
    constraint ledger_cursor_pkey primary key (source)
);
comment on table ledger_cursor is 'How far this service has applied another service''s ledger. Moved in the transaction of the effect.';
comment on column ledger_cursor.as_of is 'When this service last knew itself to be caught up with the source.';

create table ledger_parked (
    source    text        not null,
    position  bigint      not null,
    aggregate text        not null,
    entry     bytea       not null,
    reason    text        not null,
    parked_at timestamptz not null,
    constraint ledger_parked_pkey primary key (source, position)
);
create index ledger_parked_aggregate_idx on ledger_parked (source, aggregate, position);
comment on table ledger_parked is 'Entries that could not be applied, and the later ones of the same aggregate, waiting for release in order.';

create function ledger_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'the ledger is append-only' using errcode = 'restrict_violation';
end $$;
create trigger ledger_append_only before update or delete on ledger
    for each row execute function ledger_is_append_only();
create trigger ledger_not_truncated before truncate on ledger
    for each statement execute function ledger_is_append_only();
