-- Tickets that were one affair at any time: merged, split off, or taking up one another. Who acted on one of them acted on all.
create table ombudsman.ticket_family (
    ticket_id uuid not null,
    family_id uuid not null,
    constraint ticket_family_pkey primary key (ticket_id)
);
create index ticket_family_idx on ombudsman.ticket_family (family_id, ticket_id);
create trigger ticket_family_kept before delete on ombudsman.ticket_family
    for each row execute function ombudsman.refuse_change('ticket_family_kept');
comment on table ombudsman.ticket_family is 'Projection of the ticketing ledger. Families grow together and never come apart: what somebody learned while two were one, they know.';
