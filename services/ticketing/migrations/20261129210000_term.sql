-- By when customers must have their answers, as sla-monitor's ledger says it.
create table ticketing.term (
    clock_id uuid not null,
    ticket_id uuid not null,
    by_law boolean not null,
    state text not null,
    due_at timestamptz,
    constraint term_pkey primary key (clock_id),
    constraint term_state_known check (state in ('running', 'still', 'over')),
    constraint term_runs_towards_an_instant check ((state = 'running') = (due_at is not null))
);
comment on table ticketing.term is 'Terms that the answer to an affair meets, of law and of the house. Derived: sla-monitor decides, this follows its ledger.';
comment on column ticketing.term.state is 'running: towards due_at; still: deferred or paused, so that no instant is known; over: met, or fallen away.';
create index term_ticket_idx on ticketing.term (ticket_id);
create index term_due_idx on ticketing.term (due_at, ticket_id) where state = 'running';
