-- The people of the house: what they once told is not forgotten, and nobody is let in, moved or removed but by who holds office.

-- What was told as lasting, and is told no more, ended no earlier than the day on which that was said.
create view ombudsman.relation_held as
    select d.person, r.party_kind, r.party, r.kind, coalesce(r.ended_at, d.next_at) as ended_at
      from (select person, declaration_id, lead(declared_at) over (partition by person order by revision) as next_at
              from ombudsman.relation_declaration) d
      join ombudsman.relation r on r.declaration_id = d.declaration_id;
comment on view ombudsman.relation_held is 'Every relation a person ever declared, and until when the office has to take it as lasting.';
create view ombudsman.incompatibility_held as
    select d.person, i.kind, coalesce(i.ended_at, d.next_at) as ended_at
      from (select person, declaration_id, lead(declared_at) over (partition by person order by revision) as next_at
              from ombudsman.relation_declaration) d
      join ombudsman.incompatibility i on i.declaration_id = d.declaration_id;
comment on view ombudsman.incompatibility_held is 'Every post or interest a person ever declared, and until when the office has to take it as lasting.';

create function ombudsman.kin_of(p_ticket uuid) returns setof uuid language sql stable as $$
    select kin.ticket_id from ombudsman.ticket_family own join ombudsman.ticket_family kin on kin.family_id = own.family_id
     where own.ticket_id = p_ticket
    union select p_ticket
$$;
comment on function ombudsman.kin_of(uuid) is 'Tickets that were one affair with this one at any time, itself included.';

create function ombudsman.has_ombudsman(p_at timestamptz) returns boolean language sql volatile as $$
    select exists (select from ombudsman.staff s where 'ombudsman' = any (s.office_roles) and ombudsman.holds_office(s.person, p_at))
$$;
comment on function ombudsman.has_ombudsman(timestamptz) is 'Whether the office has an ombudsman whose term runs.';

-- The wall.
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
    if exists (select from ombudsman.involvement where ticket_id = v_ticket and actor_id = p_person) then
        v_found := v_found || 'touched_ticket'::text;
    end if;
    select unit into v_unit from ombudsman.staff where person = p_person;
    if v_unit = any (v_units) then
        v_found := v_found || 'unit_touched_ticket'::text;
    end if;
    if exists (select from ombudsman.line_of(p_person) line
                 join ombudsman.involvement i on i.ticket_id = v_ticket and i.actor_id = line.person) then
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
                where actor_id = p_person and actor_kind = 'employee' and last_at >= v_look_back) then
        v_found := v_found || 'firm_principal'::text;
    end if;
    if v_unit is null or not ombudsman.holds_office(p_person, p_at) then
        v_found := v_found || 'no_mandate'::text;
    end if;
    if not exists (select from ombudsman.ticket_watch where ticket_id = v_ticket and received_position is not null)
       or exists (select from ombudsman.involvement
                   where ticket_id = v_ticket and actor_kind = 'employee' and department = '')
       or exists (select from ombudsman.ledger_parked
                   where source = 'ticketing'
                     and aggregate in (select 'tickets/' || id from ombudsman.kin_of(v_ticket) as kin (id))) then
        v_found := v_found || 'involvement_unknown'::text;
    end if;
    if exists (select from ombudsman.assignment
                where case_id = p_case and person = p_person and recused_at is not null
                  and coalesce(recuse_ground, '{}') = '{}') then
        v_found := v_found || 'stepped_aside'::text;
    end if;
    return v_found;
end;
$$;

-- Terms of office.
alter table ombudsman.mandate add column entered_at timestamptz;
alter table ombudsman.mandate alter column entered_at set default now();
comment on column ombudsman.mandate.entered_at is 'When it was entered in the register; null for terms from before that was kept.';
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
        if new.starts_at < new.entered_at - interval '720 hours' and ombudsman.has_ombudsman(new.entered_at) then
            perform ombudsman.broken('mandate_entered_in_time', 'a term of office is entered within thirty days of its first');
        end if;
        return new;
    end if;
    if (new.person, new.starts_at, new.ends_at, new.entered_at) is distinct from (old.person, old.starts_at, old.ends_at, old.entered_at)
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

-- Roles.
create table ombudsman.role_withdrawal (
    person       text        not null,
    version      bigint      not null,
    office_roles text[]      not null,
    cause        text,
    explanation  text,
    withdrawn_by text        not null,
    withdrawn_at timestamptz not null,
    constraint role_withdrawal_pkey primary key (person, version),
    constraint role_withdrawal_cause_known check (cause in
        ('resignation', 'death', 'incapacity', 'incompatibility', 'conviction', 'serious_breach')),
    constraint role_withdrawal_explained check ((cause is null) = (explanation is null) and btrim(explanation) <> '')
);
comment on table ombudsman.role_withdrawal is 'Roles that were taken away from a person, at which version of the register, and why; no cause is needed once every term is over.';
create trigger role_withdrawal_immutable before update or delete on ombudsman.role_withdrawal
    for each row execute function ombudsman.refuse_change('role_withdrawal_immutable');

create function ombudsman.guard_role_withdrawal() returns trigger language plpgsql as $$
begin
    if new.cause is null and exists (select from ombudsman.mandate
                                      where person = new.person and least(ends_at, ended_at) > new.withdrawn_at) then
        perform ombudsman.broken('role_withdrawn_for_a_cause', 'no role is taken away without a cause from who holds office');
    end if;
    if not ombudsman.may_govern(new.withdrawn_by, new.withdrawn_at) or new.withdrawn_by = new.person then
        perform ombudsman.broken('role_withdrawn_by_who_may', 'whoever takes a role away has a term that runs, and takes none from themselves');
    end if;
    return new;
end;
$$;
create trigger role_withdrawal_guarded before insert on ombudsman.role_withdrawal
    for each row execute function ombudsman.guard_role_withdrawal();

create function ombudsman.guard_roles() returns trigger language plpgsql as $$
begin
    if not (old.office_roles <@ new.office_roles)
       and not exists (select from ombudsman.role_withdrawal w
                        where w.person = new.person and w.version = new.version
                          and w.office_roles || new.office_roles @> old.office_roles) then
        perform ombudsman.broken('role_withdrawal_is_written_down', 'a role is taken away only where it is written down why');
    end if;
    return new;
end;
$$;
create trigger staff_roles_guarded before update of office_roles on ombudsman.staff
    for each row execute function ombudsman.guard_roles();
