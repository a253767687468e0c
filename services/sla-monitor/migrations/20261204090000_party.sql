-- Time that parties to a case have. Apart from what the house owes: no board, forecast or published figure reads it.
create table sla_monitor.party_clock (
    clock_id         uuid        not null,
    affair_id        uuid        not null,
    customer_id      uuid,
    rule             text        not null,
    rule_version     integer     not null,
    bearer           text        not null,
    stage            text        not null,
    calendar         text        not null,
    calendar_version text        not null,
    state            text        not null default 'running',
    first_origin_at  timestamptz not null,
    due_at           timestamptz not null,
    settled_at       timestamptz,
    lapsed_at        timestamptz,
    traceparent      text        not null,
    version          bigint      not null default 1,
    constraint party_clock_pkey primary key (clock_id),
    constraint party_clock_bearer_known check (bearer in ('claimant', 'firm')),
    constraint party_clock_state_known check (state in ('running', 'fulfilled', 'cancelled', 'lapsed')),
    constraint party_clock_settled_when_ended check ((settled_at is not null) = (state in ('fulfilled', 'cancelled'))),
    constraint party_clock_lapsed_says_when check (state <> 'lapsed' or lapsed_at is not null)
);
create index party_clock_affair_idx on sla_monitor.party_clock (affair_id, stage);
create index party_clock_customer_idx on sla_monitor.party_clock (customer_id, first_origin_at, clock_id);
create index party_clock_first_origin_idx on sla_monitor.party_clock (first_origin_at, clock_id);
comment on table sla_monitor.party_clock is 'Time that the claimant or the firm has in a case of the office. State and instants are derived from clock_entry by the pure replay; what is ahead stands in due, where the row of kind breach is its end.';
comment on column sla_monitor.party_clock.affair_id is 'The case.';
comment on column sla_monitor.party_clock.lapsed_at is 'The last instant in time, where it passed unused; it stays where the party acted later.';
