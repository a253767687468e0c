-- Of a decision and its reviews one is in force: a review that confirmed a decision does nothing by itself, whatever became of that one; and a correction mends a slip, never what was decided.

create or replace function ombudsman.confirms(p_case uuid) returns boolean language sql stable as $$
    select exists (select from ombudsman.office_case c join ombudsman.decision d on d.case_id = c.case_id
                    where c.case_id = p_case and c.review_of is not null and ombudsman.repeats(c.case_id, c.review_of)
                      and not exists (select from ombudsman.superseded_decision s where s.case_id = c.review_of and s.review = c.case_id))
$$;
comment on function ombudsman.confirms(uuid) is 'Whether a case is a review that left the decision it reviews in force, and so does nothing by itself: also once another review took the place of that one.';

create function ombudsman.replaced_by(p_case uuid) returns uuid language sql stable as $$
    with recursive up (case_id, review_of, review) as (
        select c.case_id, c.review_of, s.review
          from ombudsman.office_case c left join ombudsman.superseded_decision s on s.case_id = c.case_id
         where c.case_id = p_case
        union all
        select c.case_id, c.review_of, s.review
          from up join ombudsman.office_case c on c.case_id = up.review_of
          left join ombudsman.superseded_decision s on s.case_id = c.case_id
         where up.review is null and s.review is distinct from up.case_id
    )
    select review from up where review is not null limit 1
$$;
comment on function ombudsman.replaced_by(uuid) is 'The review that took the place of the decision of a case, or of the one that it left in force; null while that one, or it, is in force.';

create or replace function ombudsman.guard_review_of() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and new.review_of is distinct from old.review_of then
        perform ombudsman.broken('office_case_review_fixed', 'what a case reviews does not change');
    end if;
    if tg_op = 'INSERT' and new.review_of is not null and not exists (
           select from ombudsman.office_case c
             join ombudsman.notification n on n.case_id = c.case_id
            where c.case_id = new.review_of and c.ticket_id = new.ticket_id and c.customer_id = new.customer_id) then
        perform ombudsman.broken('office_case_reviews_what_was_told', 'only a decision that the parties were told is reviewed');
    end if;
    if tg_op = 'INSERT' and new.review_of is not null
       and (ombudsman.replaced_by(new.review_of) is not null or ombudsman.confirms(new.review_of)) then
        perform ombudsman.broken('office_case_reviews_what_is_in_force', 'only what is in force is reviewed');
    end if;
    return new;
end;
$$;

create or replace function ombudsman.guard_leading_decision() returns trigger language plpgsql as $$
begin
    if not exists (select from ombudsman.decision where case_id = new.case_id) then
        raise exception using
            errcode = 'check_violation',
            constraint = 'leading_decision_was_issued',
            message = 'only an issued decision stands for a criterion';
    end if;
    if ombudsman.replaced_by(new.case_id) is not null then
        perform ombudsman.broken('leading_decision_is_in_force', 'a review took the place of the decision');
    end if;
    return new;
end;
$$;

-- Only what is in force is corrected; and no remedy that was ordered, or that a party answered: each is about what stood.
create or replace function ombudsman.guard_correction() returns trigger language plpgsql as $$
begin
    if not exists (select from ombudsman.decision d join ombudsman.notification n on n.case_id = d.case_id
                    where d.case_id = new.case_id)
       or not exists (select from ombudsman.dossier_entry
                       where case_id = new.case_id and sequence = new.entry_sequence and kind = 'correction')
       or exists (select from ombudsman.erased_case where case_id = new.case_id) then
        perform ombudsman.broken('correction_of_a_decision_told', 'only what the parties were told is corrected, and by the dossier');
    end if;
    if ombudsman.replaced_by(new.case_id) is not null then
        perform ombudsman.broken('correction_of_what_is_in_force', 'a review took the place of the decision');
    end if;
    if new.part = 'remedy' and exists (select from ombudsman.obligation
           where case_id = new.case_id and kind = 'order' and claim_point = new.claim_point) then
        perform ombudsman.broken('correction_before_the_order', 'what was ordered is what stood');
    end if;
    if new.part = 'remedy' and not exists (select from ombudsman.office_case where case_id = new.case_id and state = 'notified') then
        perform ombudsman.broken('correction_before_the_answer', 'what was answered is what stood');
    end if;
    if new.part = 'remedy' and exists (select from ombudsman.decision_point
           where case_id = new.case_id and point_id = new.claim_point and redress_minor is not null) then
        perform ombudsman.broken('correction_of_no_amount', 'what grants an amount is changed by a review');
    end if;
    return new;
end;
$$;

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

-- What a claimant sent before a refusal was proposed answers nothing of it.
alter table ombudsman.office_case add column proposed_at timestamptz;
comment on column ombudsman.office_case.proposed_at is 'When the refusal was proposed; null where none was, and from before that was kept.';
alter table ombudsman.office_case
    add constraint office_case_allegations_answer_the_proposal check (proposed_at is null or allegations_at is null or allegations_at >= proposed_at),
    add constraint office_case_refused_after_a_hearing check (state <> 'inadmissible' or proposed_at is null or allegations_at is not null
        or refused_at >= allegations_due_at);
