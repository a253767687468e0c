-- Decisions that a review took the place of. A review that repeats what it reviews to the letter leaves it in force.

create table ombudsman.superseded_decision (
    case_id       uuid        not null,
    review        uuid        not null,
    superseded_at timestamptz not null,
    constraint superseded_decision_pkey primary key (case_id),
    constraint superseded_decision_review_key unique (review)
);
comment on table ombudsman.superseded_decision is 'That a decision is in force no more, and which review is. Comes in when the parties are told the review, and never goes out.';

create function ombudsman.repeats(p_review uuid, p_reviewed uuid) returns boolean language sql stable as $$
    select not exists (
        select from (select point_id, outcome, remedy, redress_minor, redress_currency from ombudsman.decision_point where case_id = p_review) r
               full join
               (select point_id, outcome, remedy, redress_minor, redress_currency from ombudsman.decision_point where case_id = p_reviewed) d
                 on d.point_id = r.point_id
         where (r.point_id, r.outcome, r.remedy, r.redress_minor, r.redress_currency)
               is distinct from (d.point_id, d.outcome, d.remedy, d.redress_minor, d.redress_currency))
$$;
comment on function ombudsman.repeats(uuid, uuid) is 'Whether one decision has the effect of another to the letter: outcome, remedy and amount of every point.';

-- Reviews from before stand as they were told: what they reviewed goes on where it stood, since nobody closed it then.

create function ombudsman.guard_superseded_decision() returns trigger language plpgsql as $$
begin
    if not exists (select from ombudsman.office_case c
                     join ombudsman.notification n on n.case_id = c.case_id
                    where c.case_id = new.review and c.review_of = new.case_id)
       or ombudsman.repeats(new.review, new.case_id) then
        perform ombudsman.broken('superseded_decision_by_its_review', 'only a review that was told and decides otherwise takes the place of a decision');
    end if;
    return new;
end;
$$;
create trigger superseded_decision_by_its_review before insert on ombudsman.superseded_decision
    for each row execute function ombudsman.guard_superseded_decision();
create trigger superseded_decision_immutable before update or delete on ombudsman.superseded_decision
    for each row execute function ombudsman.refuse_change('superseded_decision_immutable');
create trigger superseded_decision_kept before truncate on ombudsman.superseded_decision
    for each statement execute function ombudsman.refuse_change('superseded_decision_immutable');

create function ombudsman.confirms(p_case uuid) returns boolean language sql stable as $$
    select exists (select from ombudsman.office_case c join ombudsman.decision d on d.case_id = c.case_id
                    where c.case_id = p_case and c.review_of is not null and ombudsman.repeats(c.case_id, c.review_of)
                      and not exists (select from ombudsman.superseded_decision s where s.case_id = c.review_of))
$$;
comment on function ombudsman.confirms(uuid) is 'Whether a case is a review that leaves the decision it reviews in force.';

-- What is in force no more is no precedent.
create or replace function ombudsman.keep_precedent() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' and (exists (select from ombudsman.erased_case where case_id = old.case_id)
                          or exists (select from ombudsman.superseded_decision where case_id = old.case_id)) then
        return old;
    end if;
    raise exception using
        errcode = 'check_violation',
        constraint = 'precedent_immutable',
        message = 'a decided point stays what it was';
end;
$$;
create function ombudsman.forget_precedents() returns trigger language plpgsql as $$
begin
    delete from ombudsman.precedent where case_id = new.case_id;
    return null;
end;
$$;
create trigger superseded_decision_is_no_precedent after insert on ombudsman.superseded_decision
    for each row execute function ombudsman.forget_precedents();

create or replace function ombudsman.guard_move() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        if new.state not in ('received', 'registered') then
            perform ombudsman.broken('office_case_begins_registered', 'a case begins in the registry');
        end if;
        return new;
    end if;
    if old.state = 'stayed' and new.state = 'stayed'
       and (to_jsonb(new) - array['version', 'updated_at', 'dossier_length', 'dossier_head'])
           is distinct from (to_jsonb(old) - array['version', 'updated_at', 'dossier_length', 'dossier_head']) then
        perform ombudsman.broken('office_case_stands_still_while_stayed', 'a stayed case can only be resumed or closed');
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
    if old.state = 'stayed' and new.state <> 'closed' and new.state <> old.came_from then
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

create or replace function ombudsman.guard_obligation() returns trigger language plpgsql as $$
declare
    v_state text;
begin
    select state into v_state from ombudsman.office_case where case_id = new.case_id for update;
    if tg_op = 'INSERT' then
        if new.kind = 'order' and (v_state is distinct from 'binding' or not exists (select from ombudsman.decision_point
               where case_id = new.case_id and point_id = new.claim_point and outcome <> 'not_upheld')) then
            perform ombudsman.broken('obligation_orders_what_was_upheld', 'only a binding decision orders, and what it upheld');
        end if;
        if new.kind = 'recommendation' and (v_state is null or v_state not in
               ('notified', 'binding', 'not_binding', 'compliance', 'complied', 'overdue', 'reported', 'own_initiative')) then
            perform ombudsman.broken('obligation_recommends_after_the_decision', 'nothing is recommended before the decision');
        end if;
        if new.kind = 'settlement' and not exists (select from ombudsman.office_case
               where case_id = new.case_id and state = 'conciliation' and offer_told_at is not null
                 and offer_debtor = new.debtor and offer_days is not null) then
            perform ombudsman.broken('obligation_settles_what_was_offered', 'only what was offered and told is agreed');
        end if;
        if new.reopens_case is not null and not exists (select from ombudsman.obligation o
               join ombudsman.office_case theirs on theirs.case_id = o.case_id
               join ombudsman.office_case own on own.case_id = new.case_id
                and (own.regime, own.motive) = (theirs.regime, theirs.motive) and own.customer_id <> theirs.customer_id
              where o.case_id = new.reopens_case and o.number = new.reopens_number and o.done_at < own.facts_at
                and not exists (select from ombudsman.superseded_decision s where s.case_id = o.case_id)) then
            perform ombudsman.broken('obligation_reopens_what_was_met', 'only what was met for the same cause is opened once more, and for another customer');
        end if;
        if (new.proof_sequence, new.proved_at, new.done_at, new.overdue_at, new.lapsed_at)
           is distinct from (null, null, null, null, null) then
            perform ombudsman.broken('obligation_begins_open', 'what is owed is not done yet');
        end if;
        return new;
    end if;
    if (new.case_id, new.number, new.kind, new.claim_point, new.debtor, new.entry_sequence, new.since, new.due_at,
        new.reopens_case, new.reopens_number)
       is distinct from
       (old.case_id, old.number, old.kind, old.claim_point, old.debtor, old.entry_sequence, old.since, old.due_at,
        old.reopens_case, old.reopens_number) then
        perform ombudsman.broken('obligation_stays_what_it_is', 'what is owed, by whom and until when does not change');
    end if;
    if old.done_at is not null and (new.proof_sequence, new.proved_at, new.done_at)
       is distinct from (old.proof_sequence, old.proved_at, old.done_at) then
        perform ombudsman.broken('obligation_stays_met', 'what was met stays met');
    end if;
    if new.proof_sequence is not null and new.proof_sequence is distinct from old.proof_sequence
       and not exists (select from ombudsman.dossier_entry
             where case_id = new.case_id and sequence = new.proof_sequence and kind = 'execution_proof') then
        perform ombudsman.broken('obligation_proven_by_the_dossier', 'the dossier holds no such proof');
    end if;
    if old.overdue_at is not null and new.overdue_at is distinct from old.overdue_at
       and (new.overdue_at is not null or new.done_at is null or new.done_at > old.overdue_at) then
        perform ombudsman.broken('obligation_stays_overdue', 'what was missed stays missed');
    end if;
    if new.lapsed_at is distinct from old.lapsed_at and (old.lapsed_at is not null
       or not exists (select from ombudsman.superseded_decision where case_id = new.case_id)) then
        perform ombudsman.broken('obligation_lapses_by_a_review', 'what is owed lapses with the decision it came of, and once');
    end if;
    return new;
end;
$$;
