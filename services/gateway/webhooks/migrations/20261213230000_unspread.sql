-- What is to be spread waits beside the events: an event is written once, and not a second time for having been spread.
create table webhooks.unspread (
    number      bigint      not null,
    event_type  text        not null,
    affair      text        not null,
    department  text,
    position    bigint,
    occurred_at timestamptz not null,
    constraint unspread_pkey primary key (number)
);
create index unspread_waits_idx on webhooks.unspread (affair, number) where department is null and position is null;
comment on table webhooks.unspread is 'Events that were not handed yet to the subscriptions that want them. Gone when they were.';
comment on column webhooks.unspread.department is 'The department the event names; null where it names none.';
comment on column webhooks.unspread.position is 'Where it stands in ticketing''s ledger; null where it came from another.';

comment on column webhooks.event.spread_at is 'When it was kept: it waits in unspread, and is spread when it is no longer there. Null where a binary from before unspread kept it; until it is put there.';
