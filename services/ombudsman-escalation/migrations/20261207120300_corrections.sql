-- Only what is in force is corrected, and no remedy that was ordered: its order says what stood.
create or replace function ombudsman.guard_correction() returns trigger language plpgsql as $$
begin
    if not exists (select from ombudsman.decision d join ombudsman.notification n on n.case_id = d.case_id
                    where d.case_id = new.case_id)
       or not exists (select from ombudsman.dossier_entry
                       where case_id = new.case_id and sequence = new.entry_sequence and kind = 'correction')
       or exists (select from ombudsman.erased_case where case_id = new.case_id) then
        perform ombudsman.broken('correction_of_a_decision_told', 'only what the parties were told is corrected, and by the dossier');
    end if;
    if exists (select from ombudsman.superseded_decision where case_id = new.case_id) then
        perform ombudsman.broken('correction_of_what_is_in_force', 'a review took the place of the decision');
    end if;
    if new.part = 'remedy' and exists (select from ombudsman.obligation
           where case_id = new.case_id and kind = 'order' and claim_point = new.claim_point) then
        perform ombudsman.broken('correction_before_the_order', 'what was ordered is what stood');
    end if;
    if new.part = 'remedy' and exists (select from ombudsman.decision_point
           where case_id = new.case_id and point_id = new.claim_point and redress_minor is not null) then
        perform ombudsman.broken('correction_of_no_amount', 'what grants an amount is changed by a review');
    end if;
    return new;
end;
$$;
