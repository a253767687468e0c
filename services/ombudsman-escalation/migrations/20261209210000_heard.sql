-- A seat is given by who acted on the affair as ticketing knows it at that moment too: the wall is closed until all of that is applied here.
alter table ombudsman.assignment add column touches_position bigint;
comment on column ombudsman.assignment.touches_position is 'Position of the ledger of ticketing when the seat was asked for: up to there the wall knew who acted on the affair, and what is one affair with it. Null for seats from before that was asked.';

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
    -- Entries of the affair that could not be applied are grounds of their own.
    if new.touches_position is null
       or new.touches_position > coalesce((select position from ombudsman.ledger_cursor where source = 'ticketing'), 0) then
        perform ombudsman.broken('assignment_knows_the_touches', 'it is not known here yet who acted on the affair');
    end if;
    return new;
end;
$$;

create or replace function ombudsman.guard_recusal() returns trigger language plpgsql as $$
begin
    if (new.assignment_id, new.case_id, new.person, new.office_role, new.assigned_at, new.assigned_by, new.links_position, new.touches_position)
       is distinct from (old.assignment_id, old.case_id, old.person, old.office_role, old.assigned_at, old.assigned_by, old.links_position, old.touches_position)
       or old.recused_at is not null or new.recused_at is null then
        raise exception using
            errcode = 'check_violation',
            constraint = 'assignment_only_ends',
            message = 'an assignment can only be ended, and once';
    end if;
    return new;
end;
$$;

-- Who of the firm brought an affair before the office spoke for it there.
create or replace function ombudsman.spoke_for_firm(p_ticket uuid) returns table (person text, department text) language sql volatile as $$
    select distinct e.actor_id, e.actor_department
      from ombudsman.office_case c join ombudsman.dossier_entry e on e.case_id = c.case_id
     where c.ticket_id in (select ombudsman.kin_of(p_ticket)) and ombudsman.is_of_the_firm(e.kind)
    union
    select c.opened_by, c.opened_by_department
      from ombudsman.office_case c
     where c.ticket_id in (select ombudsman.kin_of(p_ticket)) and c.opened_by_kind in ('employee', 'system')
$$;
comment on function ombudsman.spoke_for_firm(uuid) is 'Who spoke for the firm in the office''s cases of an affair, or brought it there for it, and for which department.';

-- Who decided what a review is of, or decided a review of the same, ends that review in no way as long as somebody else could.
create function ombudsman.decided_what_it_reviews(p_case uuid, p_person text, p_at timestamptz) returns boolean language sql volatile as $$
    with deciders as (
        select d.issued_by
          from ombudsman.office_case c
          join ombudsman.office_case of_the_same on of_the_same.case_id = c.review_of or of_the_same.review_of = c.review_of
          join ombudsman.decision d on d.case_id = of_the_same.case_id
         where c.case_id = p_case and of_the_same.case_id <> p_case
    )
    select p_person in (select issued_by from deciders)
       and exists (select from ombudsman.staff s
                    where s.person not in (select issued_by from deciders) and 'ombudsman' = any (s.office_roles)
                      and cardinality(ombudsman.conflicts(p_case, s.person, p_at)) = 0)
$$;
comment on function ombudsman.decided_what_it_reviews(uuid, text, timestamptz) is 'Whether another ombudsman than this one has to hear a review.';

create or replace function ombudsman.guard_review() returns trigger language plpgsql as $$
begin
    if ombudsman.decided_what_it_reviews(new.case_id, new.issued_by, new.issued_at) then
        perform ombudsman.broken('decision_review_by_another', 'another ombudsman decides the review');
    end if;
    return new;
end;
$$;

-- A proof that comes after the time was over undoes no miss: it is reported whether the proof was judged by then or not.
create or replace function ombudsman.is_unreported(o ombudsman.obligation) returns boolean language sql immutable as $$
    select o.kind <> 'recommendation' and o.overdue_at is not null and o.done_at is null and o.lapsed_at is null
       and (o.proof_sequence is null or o.proved_at > o.overdue_at) and o.reported_at is null
$$;
