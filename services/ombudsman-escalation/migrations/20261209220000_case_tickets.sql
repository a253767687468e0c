-- Which tickets a case was brought with: what is merged into its affair later is another claim, and what was brought once is not brought again beside it.
create table ombudsman.case_ticket (
    case_id   uuid not null references ombudsman.office_case,
    ticket_id uuid not null,
    constraint case_ticket_pkey primary key (case_id, ticket_id)
);
create index case_ticket_ticket_idx on ombudsman.case_ticket (ticket_id);
comment on table ombudsman.case_ticket is 'The tickets whose points, receipts and terms a case was opened with: its own, and those of the same customer that were answered with it and had no case of their own.';

create function ombudsman.note_case_ticket() returns trigger language plpgsql as $$
begin
    insert into ombudsman.case_ticket (case_id, ticket_id) values (new.case_id, new.ticket_id);
    return null;
end;
$$;
create trigger office_case_brings_its_ticket after insert on ombudsman.office_case
    for each row execute function ombudsman.note_case_ticket();
insert into ombudsman.case_ticket (case_id, ticket_id) select case_id, ticket_id from ombudsman.office_case on conflict do nothing;
create trigger case_ticket_kept before update or delete on ombudsman.case_ticket
    for each row execute function ombudsman.refuse_change('case_ticket_kept');
create trigger case_ticket_never_emptied before truncate on ombudsman.case_ticket
    for each statement execute function ombudsman.refuse_change('case_ticket_kept');
