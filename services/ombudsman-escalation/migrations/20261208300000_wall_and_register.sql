-- The wall knows who spoke for the firm before the office and who stepped aside from any case of the affair; the register is changed by its ombudsman, and what the
-- wall stands on is not changed around it.

-- Who spoke for the firm.
create function ombudsman.is_of_the_firm(p_kind text) returns boolean language sql immutable parallel safe as $$
    select p_kind in ('entity_statement', 'entity_evidence', 'offer', 'execution_proof')
$$;
comment on function ombudsman.is_of_the_firm(text) is 'Papers that nobody but the firm''s liaison brings.';
create index dossier_entry_of_the_firm_idx on ombudsman.dossier_entry (actor_id, recorded_at) where ombudsman.is_of_the_firm(kind);
create function ombudsman.spoke_for_firm(p_ticket uuid) returns table (person text, department text) language sql volatile as $$
    select distinct e.actor_id, e.actor_department
      from ombudsman.office_case c join ombudsman.dossier_entry e on e.case_id = c.case_id
     where c.ticket_id in (select ombudsman.kin_of(p_ticket)) and ombudsman.is_of_the_firm(e.kind)
$$;
comment on function ombudsman.spoke_for_firm(uuid) is 'Who spoke for the firm in the office''s cases of an affair, and for which department.';

create function ombudsman.stepped_aside(p_ticket uuid) returns setof text language sql volatile as $$
    select distinct a.person from ombudsman.office_case c join ombudsman.assignment a on a.case_id = c.case_id
     where c.ticket_id in (select ombudsman.kin_of(p_ticket))
       and a.recused_at is not null and coalesce(a.recuse_ground, '{}') = '{}'
$$;
comment on function ombudsman.stepped_aside(uuid) is 'Who stepped aside, with no ground of the wall, from a case of the affair: the claim of its review is the same.';

-- An entry that could not be applied may be about the affair without standing under it: it tells that another ticket was merged into it, split off or takes it up.
create function ombudsman.entry_waits(p_ticket uuid) returns boolean language sql volatile as $$
    select exists (select from ombudsman.ledger_parked p join ombudsman.kin_of(p_ticket) as kin (id)
                       on p.aggregate = 'tickets/' || kin.id or position(convert_to('tickets/' || kin.id, 'UTF8') in p.entry) > 0
                    where p.source = 'ticketing')
$$;
comment on function ombudsman.entry_waits(uuid) is 'Whether an entry of ticketing''s ledger that is about the affair, or names it, waits because it could not be applied.';

create or replace function ombudsman.conflicts(p_case uuid, p_person text, p_at timestamptz) returns text[] language plpgsql volatile as $$
declare
    v_ticket   uuid;
    v_customer uuid;
    v_unit     text;
    v_look_back timestamptz := ((date_trunc('day', p_at at time zone 'Europe/Madrid') - interval '3 years') at time zone 'Europe/Madrid');
    v_units    text[];
    v_found    text[] := '{}';
begin
    select ticket_id, customer_id into v_ticket, v_customer from ombudsman.office_case where case_id = p_case;
    if v_ticket is null then
        return array['involvement_unknown'];
    end if;
    select coalesce(array_agg(distinct department) filter (where department <> '' and actor_kind in ('employee', 'system')), '{}')
      into v_units from ombudsman.involvement where ticket_id = v_ticket;
    v_units := v_units || array(select distinct department from ombudsman.spoke_for_firm(v_ticket) where department is not null);
    if exists (select from ombudsman.involvement where ticket_id = v_ticket and actor_id = p_person)
       or exists (select from ombudsman.spoke_for_firm(v_ticket) where person = p_person) then
        v_found := v_found || 'touched_ticket'::text;
    end if;
    select unit into v_unit from ombudsman.staff where person = p_person;
    if v_unit = any (v_units) then
        v_found := v_found || 'unit_touched_ticket'::text;
    end if;
    if exists (select from ombudsman.line_of(p_person) line
                where line.person in (select actor_id from ombudsman.involvement where ticket_id = v_ticket)
                   or line.person in (select spoke.person from ombudsman.spoke_for_firm(v_ticket) spoke)) then
        v_found := v_found || 'line_touched_ticket'::text;
    end if;
    if exists (select from ombudsman.relation_held
                where person = p_person
                  and (ended_at is null or ended_at >= v_look_back)
                  and ((party_kind = 'customer' and (party = v_customer::text or party in
                          (select kin.customer_id::text from ombudsman.customer_family own
                             join ombudsman.customer_family kin on kin.family_id = own.family_id
                            where own.customer_id = v_customer)))
                    or (party_kind = 'unit' and party = any (v_units)))) then
        v_found := v_found || 'relation_with_party'::text;
    end if;
    if not exists (select from ombudsman.relation_declaration d
                    where d.person = p_person and d.expires_at > p_at
                      and not exists (select from ombudsman.relation_declaration newer
                                       where newer.person = p_person and newer.revision > d.revision)) then
        v_found := v_found || 'missing_declaration'::text;
    end if;
    if exists (select from ombudsman.incompatibility_held
                where person = p_person
                  and (ended_at is null or ended_at > p_at
                       or (ended_at >= v_look_back
                           and kind in ('employed_by_firm', 'governs_firm', 'owns_firm', 'advises_parties')))) then
        v_found := v_found || 'incompatible'::text;
    end if;
    if exists (select from ombudsman.involvement
                where actor_id = p_person and actor_kind = 'employee' and last_at >= v_look_back)
       or exists (select from ombudsman.dossier_entry
                   where actor_id = p_person and ombudsman.is_of_the_firm(kind) and recorded_at >= v_look_back) then
        v_found := v_found || 'firm_principal'::text;
    end if;
    if v_unit is null or not ombudsman.holds_office(p_person, p_at) then
        v_found := v_found || 'no_mandate'::text;
    end if;
    if not exists (select from ombudsman.ticket_watch where ticket_id = v_ticket and received_position is not null)
       or exists (select from ombudsman.involvement
                   where ticket_id = v_ticket and actor_kind = 'employee' and department = '')
       or ombudsman.entry_waits(v_ticket) then
        v_found := v_found || 'involvement_unknown'::text;
    end if;
    if p_person in (select ombudsman.stepped_aside(v_ticket)) then
        v_found := v_found || 'stepped_aside'::text;
    end if;
    return v_found;
end;
$$;

-- The register.
create function ombudsman.had_ombudsman() returns boolean language sql volatile as $$
    select exists (select from ombudsman.mandate m join ombudsman.staff s on s.person = m.person where 'ombudsman' = any (s.office_roles))
        or exists (select from ombudsman.role_withdrawal where 'ombudsman' = any (office_roles))
$$;
comment on function ombudsman.had_ombudsman() is 'Whether the office ever had an ombudsman: until then it is being set up, and takes in the terms it has.';
create function ombudsman.was_removed(p_person text) returns boolean language sql volatile as $$
    select exists (select from ombudsman.role_withdrawal where person = p_person and cause <> 'resignation' and 'ombudsman' = any (office_roles))
        or exists (select from ombudsman.mandate where person = p_person and end_cause <> 'resignation')
$$;
comment on function ombudsman.was_removed(text) is 'Whether a term of the person, or the role of ombudsman, was ended for a cause that was not their own will.';
-- Where one ombudsman dies within the term, a colleague enters who follows, and then the death: no case is left alone meanwhile.
create or replace function ombudsman.may_govern(p_person text, p_at timestamptz) returns boolean language sql volatile as $$
    with running as (select s.person from ombudsman.staff s where 'ombudsman' = any (s.office_roles) and ombudsman.holds_office(s.person, p_at))
    select case (select count(*) from running)
               when 0 then not ombudsman.was_removed(p_person)
               when 1 then p_person in (select person from running)
                        or (ombudsman.holds_office(p_person, p_at) and not ombudsman.was_removed(p_person))
               else p_person in (select person from running) end
$$;
comment on function ombudsman.may_govern(text, timestamptz) is 'Whether the person may change the register: as an ombudsman whose term runs; where one is alone, as a colleague whose term runs; where none is, to give the office one. Who was removed for a cause does not.';

alter table ombudsman.mandate add column entered_by text;
comment on column ombudsman.mandate.entered_by is 'Who entered it in the register; null for terms from before that was kept.';
create or replace function ombudsman.guard_mandate() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        perform from ombudsman.staff where person = new.person for update;
        if exists (select from ombudsman.mandate
                    where person = new.person and least(ends_at, ended_at) > new.starts_at) then
            raise exception using
                errcode = 'check_violation',
                constraint = 'mandate_follows_the_last',
                message = 'a term of office begins when the one before is over, or later';
        end if;
        if new.entered_by is null or new.entered_by = new.person or not ombudsman.may_govern(new.entered_by, new.entered_at) then
            perform ombudsman.broken('mandate_entered_by_who_may', 'whoever enters a term governs the register, and enters none of their own');
        end if;
        if new.starts_at < new.entered_at - interval '720 hours' and ombudsman.had_ombudsman() then
            perform ombudsman.broken('mandate_entered_in_time', 'a term of office is entered within thirty days of its first');
        end if;
        return new;
    end if;
    if (new.person, new.starts_at, new.ends_at, new.entered_at, new.entered_by)
       is distinct from (old.person, old.starts_at, old.ends_at, old.entered_at, old.entered_by)
       or old.ended_at is not null or new.ended_at is null then
        raise exception using
            errcode = 'check_violation',
            constraint = 'mandate_only_ends',
            message = 'a term of office can only be ended, and once';
    end if;
    if new.ended_by <> new.person and not ombudsman.may_govern(new.ended_by, new.ended_at) then
        perform ombudsman.broken('mandate_ended_by_who_may', 'whoever ends the term of another has one that runs');
    end if;
    return new;
end;
$$;

-- What the wall stands on.
create function ombudsman.guard_staff() returns trigger language plpgsql as $$
begin
    if (new.member_id, new.person, new.unit, new.line_manager, new.created_at)
       is distinct from (old.member_id, old.person, old.unit, old.line_manager, old.created_at) then
        perform ombudsman.broken('staff_entered_once', 'person, unit and line are entered once');
    end if;
    return new;
end;
$$;
create trigger staff_entered_once before update on ombudsman.staff for each row execute function ombudsman.guard_staff();
create trigger staff_kept before delete on ombudsman.staff for each row execute function ombudsman.refuse_change('staff_kept');

create function ombudsman.guard_involvement() returns trigger language plpgsql as $$
begin
    if (new.ticket_id, new.actor_id, new.actor_kind, new.department) is distinct from (old.ticket_id, old.actor_id, old.actor_kind, old.department)
       or new.last_at < old.last_at then
        perform ombudsman.broken('involvement_only_grows', 'who acted, acted; and no longer ago than it was');
    end if;
    return new;
end;
$$;
create trigger involvement_only_grows before update on ombudsman.involvement for each row execute function ombudsman.guard_involvement();

-- At the end of the statement, which moves a whole family.
create function ombudsman.guard_family() returns trigger language plpgsql as $$
declare
    v_own  text := tg_argv[0];
    v_left boolean;
begin
    if to_jsonb(new) ->> v_own is distinct from to_jsonb(old) ->> v_own then
        perform ombudsman.broken(tg_argv[1], 'a family only grows');
    end if;
    if new.family_id <> old.family_id then
        execute format('select exists (select from ombudsman.%I where family_id = $1)', tg_table_name) into v_left using old.family_id;
        if v_left then
            perform ombudsman.broken(tg_argv[1], 'a family goes over as a whole');
        end if;
    end if;
    return null;
end;
$$;
create trigger ticket_family_only_grows after update on ombudsman.ticket_family
    for each row execute function ombudsman.guard_family('ticket_id', 'ticket_family_only_grows');
create trigger customer_family_only_grows after update on ombudsman.customer_family
    for each row execute function ombudsman.guard_family('customer_id', 'customer_family_only_grows');
create trigger staff_not_emptied before truncate on ombudsman.staff
    for each statement execute function ombudsman.refuse_change('staff_kept');
create trigger involvement_not_emptied before truncate on ombudsman.involvement
    for each statement execute function ombudsman.refuse_change('involvement_only_grows');
create trigger ticket_family_not_emptied before truncate on ombudsman.ticket_family
    for each statement execute function ombudsman.refuse_change('ticket_family_only_grows');
create trigger customer_family_not_emptied before truncate on ombudsman.customer_family
    for each statement execute function ombudsman.refuse_change('customer_family_only_grows');
