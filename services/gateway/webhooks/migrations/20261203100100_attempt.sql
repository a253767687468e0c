-- Every attempt to make a delivery.
create table webhooks.attempt (
    delivery_id uuid        not null,
    number      bigint      generated always as identity,
    ended_at    timestamptz not null,
    duration_ms integer     not null,
    status      integer,
    outcome     text        not null,
    constraint attempt_pkey primary key (delivery_id, number),
    constraint attempt_of_a_delivery foreign key (delivery_id) references webhooks.delivery on delete cascade
);
comment on table webhooks.attempt is 'What became of each attempt, of what was answered only the status. Goes with its delivery.';

alter table webhooks.delivery add column last_duration_ms integer;
comment on column webhooks.delivery.last_duration_ms is 'How long the last attempt took; null before the first, and of those made before this was kept.';
