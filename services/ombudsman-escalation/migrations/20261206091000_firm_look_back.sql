-- The wall: the firm is a party to every case, and what somebody was to it keeps them off for three years (Ley 7/2017 art. 23.1.b).
create or replace function ombudsman.conflicts(p_case uuid, p_person text, p_at timestamptz) returns text[] language plpgsql volatile as $$
declare
    v_ticket   uuid;
    v_customer uuid;
    v_unit     text;
    v_declaration uuid;
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
    select declaration_id into v_declaration from
        (select declaration_id, expires_at from ombudsman.relation_declaration
          where person = p_person order by revision desc limit 1) newest
     where expires_at > p_at;
    if exists (select from ombudsman.relation where declaration_id = v_declaration
                  and (ended_at is null or ended_at >= v_look_back)
                  and ((party_kind = 'customer' and (party = v_customer::text or party in
                          (select kin.customer_id::text from ombudsman.customer_family own
                             join ombudsman.customer_family kin on kin.family_id = own.family_id
                            where own.customer_id = v_customer)))
                    or (party_kind = 'unit' and party = any (v_units)))) then
        v_found := v_found || 'relation_with_party'::text;
    end if;
    if v_declaration is null then
        v_found := v_found || 'missing_declaration'::text;
    end if;
    if exists (select from ombudsman.incompatibility
                where declaration_id = v_declaration
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
                   where ticket_id = v_ticket and actor_kind = 'employee' and department = '') then
        v_found := v_found || 'involvement_unknown'::text;
    end if;
    return v_found;
end;
$$;
