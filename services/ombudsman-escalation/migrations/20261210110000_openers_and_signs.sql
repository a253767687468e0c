-- Who of the firm brings an affair before the office works for the firm by it: for three years as by any other work, and for a department that has to be known.
create index office_case_of_the_firm_idx on ombudsman.office_case (opened_by, created_at) where opened_by_kind = 'employee';

create function ombudsman.opener_unknown(p_ticket uuid) returns boolean language sql volatile as $$
    select exists (select from ombudsman.office_case c
                    where c.ticket_id in (select ombudsman.kin_of(p_ticket)) and c.opened_by_kind = 'employee' and c.opened_by_department is null)
$$;
comment on function ombudsman.opener_unknown(uuid) is 'Whether an employee brought the affair before the office of whom it is not known for which department.';

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
                   where actor_id = p_person and ombudsman.is_of_the_firm(kind) and recorded_at >= v_look_back)
       or exists (select from ombudsman.office_case
                   where opened_by = p_person and opened_by_kind = 'employee' and created_at >= v_look_back) then
        v_found := v_found || 'firm_principal'::text;
    end if;
    if v_unit is null or not ombudsman.holds_office(p_person, p_at) then
        v_found := v_found || 'no_mandate'::text;
    end if;
    if not exists (select from ombudsman.ticket_watch where ticket_id = v_ticket and received_position is not null)
       or exists (select from ombudsman.involvement
                   where ticket_id = v_ticket and actor_kind = 'employee' and department = '')
       or ombudsman.entry_waits(v_ticket) or ombudsman.opener_unknown(v_ticket) then
        v_found := v_found || 'involvement_unknown'::text;
    end if;
    if p_person in (select ombudsman.stepped_aside(v_ticket)) then
        v_found := v_found || 'stepped_aside'::text;
    end if;
    return v_found;
end;
$$;

-- In a remedy what stands between two digits is part of the figure, and a sign is as good as a word. Digits alone are compared beside it.
create function ombudsman.signs(p_text text) returns text language sql immutable as $$
    select regexp_replace(regexp_replace(p_text, '(?<![0-9])[.,]|[.,](?![0-9])', '', 'g'), '[^.,€$£¥¢%‰+×/=<>#&@*°]', '', 'g')
$$;
comment on function ombudsman.signs(text) is 'The signs of a text and the stops and commas within its figures, in order.';

create or replace function ombudsman.guard_corrected_remedy() returns trigger language plpgsql as $$
declare
    v_stood text;
begin
    if tg_op = 'DELETE' then
        if exists (select from ombudsman.erased_case where case_id = old.case_id) then
            return old;
        end if;
        perform ombudsman.broken('corrected_remedy_kept', 'what was corrected stays');
    end if;
    if tg_op = 'UPDATE' then
        perform ombudsman.broken('corrected_remedy_kept', 'what was corrected stays');
    end if;
    if not exists (select from ombudsman.correction where case_id = new.case_id and number = new.number
                      and claim_point = new.point_id and part = 'remedy' and corrected_at = new.corrected_at) then
        perform ombudsman.broken('corrected_remedy_by_a_correction', 'a remedy is corrected by a correction alone');
    end if;
    select p.remedy into v_stood from ombudsman.decision_point p where p.case_id = new.case_id and p.point_id = new.point_id;
    if array(select m[1] from regexp_matches(new.remedy, '\d+', 'g') m) is distinct from array(select m[1] from regexp_matches(v_stood, '\d+', 'g') m)
       or ombudsman.signs(new.remedy) is distinct from ombudsman.signs(v_stood)
       or cardinality(regexp_split_to_array(btrim(new.remedy), '\s+')) <> cardinality(regexp_split_to_array(btrim(v_stood), '\s+')) then
        perform ombudsman.broken('corrected_remedy_is_a_slip', 'no word and no figure comes into a remedy by a correction, or goes');
    end if;
    return new;
end;
$$;
