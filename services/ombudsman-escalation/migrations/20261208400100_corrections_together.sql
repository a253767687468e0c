-- However many corrections there are, a remedy is held against what was issued.
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
       or cardinality(regexp_split_to_array(btrim(new.remedy), '\s+')) <> cardinality(regexp_split_to_array(btrim(v_stood), '\s+')) then
        perform ombudsman.broken('corrected_remedy_is_a_slip', 'no word and no figure comes into a remedy by a correction, or goes');
    end if;
    return new;
end;
$$;
