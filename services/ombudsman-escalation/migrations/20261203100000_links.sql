-- A seat is given by who is one person with the claimant as customer-profile knows it at that moment: the wall is closed until all of that is applied here.

alter table ombudsman.assignment add column links_position bigint;
comment on column ombudsman.assignment.links_position is 'Position of the ledger of customer-profile when the seat was asked for: up to there the wall knew who is one person with the claimant. Null for seats from before that was asked.';

create or replace function ombudsman.guard_assignment() returns trigger language plpgsql as $$
declare
    v_ticket uuid;
    v_found  text[];
begin
    -- The case first, then the ticket, then the person, then the families of customers: the order every writer takes the locks in.
    select ticket_id into v_ticket from ombudsman.office_case where case_id = new.case_id for update;
    insert into ombudsman.ticket_watch (ticket_id) select v_ticket where v_ticket is not null
        on conflict on constraint ticket_watch_pkey do nothing;
    perform from ombudsman.ticket_watch where ticket_id = v_ticket for update;
    perform from ombudsman.staff where person = new.person for share;
    perform pg_advisory_xact_lock_shared(hashtextextended('ombudsman.customer_family', 0));
    v_found := ombudsman.conflicts(new.case_id, new.person, new.assigned_at);
    if not exists (select from ombudsman.staff where person = new.person and new.office_role = any (office_roles)) then
        v_found := v_found || 'not_appointed'::text;
    end if;
    if cardinality(v_found) > 0 then
        raise exception using
            errcode = 'check_violation',
            constraint = 'assignment_past_the_wall',
            message = 'the conflict wall refuses the assignment: ' || array_to_string(v_found, ', ');
    end if;
    -- The cursor moves in the transaction of its effects: what it has passed, the wall was judged by. An entry that could not be applied was passed as well.
    if new.links_position is null
       or new.links_position > coalesce((select position from ombudsman.ledger_cursor where source = 'customer-profile'), 0)
       or exists (select from ombudsman.ledger_parked where source = 'customer-profile' and aggregate like 'customers/%') then
        perform ombudsman.broken('assignment_knows_the_links', 'it is not known here yet who is one person with the claimant');
    end if;
    return new;
end;
$$;

create or replace function ombudsman.guard_recusal() returns trigger language plpgsql as $$
begin
    if (new.assignment_id, new.case_id, new.person, new.office_role, new.assigned_at, new.assigned_by, new.links_position)
       is distinct from (old.assignment_id, old.case_id, old.person, old.office_role, old.assigned_at, old.assigned_by, old.links_position)
       or old.recused_at is not null or new.recused_at is null then
        raise exception using
            errcode = 'check_violation',
            constraint = 'assignment_only_ends',
            message = 'an assignment can only be ended, and once';
    end if;
    return new;
end;
$$;
