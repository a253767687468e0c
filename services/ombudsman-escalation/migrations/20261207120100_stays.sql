-- The office abstains while it examines the admission of a case too; the claimant of a stayed one may stop, and is told its code; and its dossier takes in what it should have held.
drop trigger procedure_move_fixed on ombudsman.procedure_move;
insert into ombudsman.procedure_move (from_state, to_state) values
    ('registered', 'stayed'), ('inadmissible_proposed', 'stayed'), ('stayed', 'registered'), ('stayed', 'withdrawn');
create trigger procedure_move_fixed before insert or update or delete on ombudsman.procedure_move
    for each row execute function ombudsman.refuse_change('procedure_move_fixed');

alter table ombudsman.office_case add column refusable_until timestamptz;
comment on column ombudsman.office_case.refusable_until is 'Until when it may be refused, where that stood still while the case was stayed; null where it follows from when the complaint was complete.';

alter table ombudsman.office_case
    drop constraint office_case_hearing_has_term,
    drop constraint office_case_stay_is_whole,
    drop constraint office_case_represented_with_proof,
    add constraint office_case_hearing_has_term check (statement_due_at is not null or state not in
        ('admitted', 'entity_allegations', 'investigation', 'drafted', 'decided', 'notified', 'conciliation',
         'settled', 'own_initiative', 'binding', 'not_binding', 'compliance', 'complied', 'overdue', 'reported')) not valid,
    add constraint office_case_stay_is_whole check (state <> 'stayed' or (stayed_at is not null
        and came_from in ('registered', 'admitted', 'entity_allegations', 'investigation', 'drafted')
        and (statement_due_at is null) = (came_from = 'registered'))) not valid,
    add constraint office_case_represented_with_proof check (representative_name is null or representation_at is not null
        or state in ('received', 'registered', 'needs_cure', 'archived_uncured', 'inadmissible_proposed', 'inadmissible', 'withdrawn',
                     'forwarded_internally', 'closed')
        or (state = 'stayed' and came_from = 'registered')) not valid;
alter table ombudsman.office_case validate constraint office_case_hearing_has_term;
alter table ombudsman.office_case validate constraint office_case_stay_is_whole;
alter table ombudsman.office_case validate constraint office_case_represented_with_proof;

create or replace function ombudsman.guard_move() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        if new.state not in ('received', 'registered') then
            perform ombudsman.broken('office_case_begins_registered', 'a case begins in the registry');
        end if;
        return new;
    end if;
    if old.state = 'stayed' and new.state = 'stayed'
       and (to_jsonb(new) - array['version', 'updated_at', 'dossier_length', 'dossier_head', 'code_number'])
           is distinct from (to_jsonb(old) - array['version', 'updated_at', 'dossier_length', 'dossier_head', 'code_number']) then
        perform ombudsman.broken('office_case_stands_still_while_stayed', 'a stayed case can only be resumed, withdrawn or closed');
    end if;
    if new.state = old.state then
        return new;
    end if;
    if exists (select from ombudsman.erased_case where case_id = old.case_id) then
        perform ombudsman.broken('erased_case_stays_over', 'nothing follows in a case whose words were destroyed');
    end if;
    if not exists (select from ombudsman.procedure_move where from_state = old.state and to_state = new.state) then
        perform ombudsman.broken('office_case_moves_by_the_procedure',
            'no case goes from ' || old.state || ' to ' || new.state);
    end if;
    if old.state = 'stayed' and new.state not in ('closed', 'withdrawn') and new.state <> old.came_from then
        perform ombudsman.broken('office_case_resumes_where_it_stood', 'a stayed case goes on where it stood');
    end if;
    if new.state = 'own_initiative' and old.statement_due_at is null then
        perform ombudsman.broken('office_case_own_initiative_was_admitted', 'the office continues only what it had admitted');
    end if;
    if new.state = 'settled' and (old.offer_sequence, old.offer_told_at, old.reflection_until, old.offer_open_until, old.offer_debtor, old.offer_days)
           is distinct from (new.offer_sequence, new.offer_told_at, new.reflection_until, new.offer_open_until, new.offer_debtor, new.offer_days) then
        perform ombudsman.broken('office_case_settled_on_the_offer_told', 'what is accepted is the offer that was told');
    end if;
    if new.state = 'settled' and new.offer_days is not null and not exists (select from ombudsman.obligation
           where case_id = new.case_id and kind = 'settlement' and debtor = new.offer_debtor) then
        perform ombudsman.broken('office_case_settlement_is_followed', 'what was agreed is not followed up');
    end if;
    if new.state = 'rectified' and not exists (select from ombudsman.dossier_entry
           where case_id = new.case_id and sequence = new.proof_sequence and kind = 'rectification') then
        perform ombudsman.broken('office_case_rectified_by_the_dossier', 'the dossier does not prove the rectification');
    end if;
    if new.state = 'binding' and not exists (select from ombudsman.decision
           where case_id = new.case_id and outcome <> 'not_upheld' and (binding or new.bound_by <> 'law')) then
        perform ombudsman.broken('office_case_bound_by_its_decision', 'the decision does not bind that way');
    end if;
    if new.state = 'binding' and ombudsman.confirms(new.case_id) then
        perform ombudsman.broken('office_case_review_confirms', 'the reviewed decision stays in force, and binds or not by itself');
    end if;
    if new.state = 'not_binding' and exists (select from ombudsman.decision where case_id = new.case_id and binding)
       and not ombudsman.confirms(new.case_id) then
        perform ombudsman.broken('office_case_bound_by_its_decision', 'the decision binds');
    end if;
    if new.state = 'compliance' and exists (
           select from ombudsman.decision_point p where p.case_id = new.case_id and p.outcome <> 'not_upheld' and not exists
               (select from ombudsman.obligation o
                 where o.case_id = p.case_id and o.kind = 'order' and o.claim_point = p.point_id)) then
        perform ombudsman.broken('office_case_orders_what_was_upheld', 'a point was upheld and has no order');
    end if;
    if new.state = 'complied' and (not exists (select from ombudsman.obligation where case_id = new.case_id and kind = 'order')
           or exists (select from ombudsman.obligation where case_id = new.case_id and kind = 'order' and done_at is null)) then
        perform ombudsman.broken('office_case_complied_with_proof', 'an order was not proven to be carried out');
    end if;
    if new.state = 'overdue' and not exists (select from ombudsman.obligation
           where case_id = new.case_id and kind = 'order' and done_at is null and overdue_at is not null) then
        perform ombudsman.broken('office_case_overdue_by_an_order', 'no order is overdue');
    end if;
    if new.state = 'reported' and not exists (select from ombudsman.dossier_entry
           where case_id = new.case_id and kind = 'overdue_report') then
        perform ombudsman.broken('office_case_reported_by_the_dossier', 'the dossier holds no report');
    end if;
    if new.state = 'closed' and old.state in ('notified', 'binding', 'compliance', 'overdue')
       and not exists (select from ombudsman.superseded_decision where case_id = new.case_id) then
        perform ombudsman.broken('office_case_closed_by_its_review', 'only a review that decided otherwise ends what was decided here');
    end if;
    if new.state = 'closed' and exists (select from ombudsman.obligation
           where case_id = new.case_id and done_at is null and overdue_at is null and lapsed_at is null) then
        perform ombudsman.broken('office_case_closed_owes_nothing', 'the firm still has time for what it owes');
    end if;
    return new;
end;
$$;

create or replace function ombudsman.guard_paper() returns trigger language plpgsql as $$
begin
    if new.kind not in ('stay_end', 'withdrawal', 'assignment', 'disclosure', 'code_notice', 'screen_snapshot')
       and exists (select from ombudsman.office_case where case_id = new.case_id and state = 'stayed') then
        perform ombudsman.broken('dossier_entry_not_while_stayed',
            'nothing is added to a stayed case but that the stay ends, who sits on it, and what it should have held');
    end if;
    return new;
end;
$$;
