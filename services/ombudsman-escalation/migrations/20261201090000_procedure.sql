-- The whole procedure of a case: every way out of its hearing, and what follows its decision.

alter table ombudsman.office_case
    add column came_from         text,
    add column stayed_at         timestamptz,
    add column offer_sequence    bigint,
    add column offered_at        timestamptz,
    add column offer_told_at     timestamptz,
    add column reflection_until  timestamptz,
    add column offer_open_until  timestamptz,
    add column settled_at        timestamptz,
    add column own_initiative_at timestamptz,
    add column bound_at          timestamptz,
    add column bound_by          text,
    add column proof_sequence    bigint,
    add column review_of         uuid;
comment on column ombudsman.office_case.came_from is 'Where a stayed case goes on, and where a closed one stood.';
comment on column ombudsman.office_case.proof_sequence is 'The entry of the dossier that proves the rectification.';
comment on column ombudsman.office_case.review_of is 'The decided case that this one reviews.';

-- Until now a case was closed from where the parties knew the decision, and a rectification had its proof in the dossier alone.
update ombudsman.office_case set came_from = 'notified' where state = 'closed';
update ombudsman.office_case c
   set proof_sequence = (select max(e.sequence) from ombudsman.dossier_entry e
                          where e.case_id = c.case_id and e.kind = 'rectification')
 where state = 'rectified';

alter table ombudsman.office_case
    drop constraint office_case_state_known,
    drop constraint office_case_hearing_has_term,
    add constraint office_case_state_known check (state in
        ('received', 'registered', 'needs_cure', 'archived_uncured', 'inadmissible_proposed', 'inadmissible', 'admitted',
         'entity_allegations', 'investigation', 'drafted', 'decided', 'notified', 'closed', 'withdrawn', 'rectified',
         'forwarded_internally', 'stayed', 'conciliation', 'settled', 'own_initiative', 'binding', 'not_binding',
         'compliance', 'complied', 'overdue', 'reported')),
    add constraint office_case_hearing_has_term check (statement_due_at is not null or state not in
        ('admitted', 'entity_allegations', 'investigation', 'drafted', 'decided', 'notified', 'stayed', 'conciliation',
         'settled', 'own_initiative', 'binding', 'not_binding', 'compliance', 'complied', 'overdue', 'reported')),
    add constraint office_case_forwarded_says_where check (state <> 'forwarded_internally'
        or (signpost is not null and refused_at is not null)),
    add constraint office_case_stay_is_whole check (state <> 'stayed' or (stayed_at is not null
        and came_from in ('admitted', 'entity_allegations', 'investigation', 'drafted'))),
    add constraint office_case_closed_from_somewhere check (state <> 'closed' or came_from is not null),
    add constraint office_case_offer_is_whole check (state not in ('conciliation', 'settled')
        or (offer_sequence is not null and offered_at is not null
            and (offer_told_at is null) = (reflection_until is null)
            and (offer_told_at is null) = (offer_open_until is null))),
    add constraint office_case_time_to_think check (offer_told_at is null
        or (offer_told_at >= offered_at and reflection_until >= offer_told_at + interval '3 days'
            and offer_open_until > reflection_until)),
    add constraint office_case_settled_after_time_to_think check (state <> 'settled'
        or (offer_told_at is not null and settled_at is not null
            and settled_at >= reflection_until and settled_at < offer_open_until)),
    add constraint office_case_own_initiative_since check (state <> 'own_initiative' or own_initiative_at is not null),
    add constraint office_case_bound_by_known check (bound_by in ('law', 'claimant', 'firm')),
    add constraint office_case_bound_is_whole check (state not in ('binding', 'compliance', 'complied', 'overdue', 'reported')
        or (bound_at is not null and bound_by is not null)),
    add constraint office_case_rectified_with_proof check (state <> 'rectified' or proof_sequence is not null);

drop index ombudsman.office_case_one_live_per_ticket;
create unique index office_case_one_live_per_ticket on ombudsman.office_case (ticket_id)
    where review_of is null and state not in
        ('archived_uncured', 'inadmissible', 'closed', 'withdrawn', 'rectified', 'forwarded_internally', 'settled');
create unique index office_case_one_live_review on ombudsman.office_case (review_of)
    where review_of is not null and state not in
        ('archived_uncured', 'inadmissible', 'closed', 'withdrawn', 'rectified', 'forwarded_internally', 'settled');
create index office_case_review_idx on ombudsman.office_case (review_of, created_at) where review_of is not null;

-- The diagram. The steps of the domain make these moves and no others, and nobody else makes any.
create table ombudsman.procedure_move (
    from_state text not null,
    to_state   text not null,
    constraint procedure_move_pkey primary key (from_state, to_state)
);
comment on table ombudsman.procedure_move is 'Every move there is from one state of a case to another.';
insert into ombudsman.procedure_move (from_state, to_state)
select from_state, unnest(string_to_array(to_states, ' ')) from (values
    ('received', 'registered forwarded_internally withdrawn'),
    ('registered', 'needs_cure inadmissible_proposed admitted forwarded_internally withdrawn'),
    ('needs_cure', 'registered archived_uncured withdrawn'),
    ('inadmissible_proposed', 'inadmissible admitted withdrawn'),
    ('admitted', 'entity_allegations investigation stayed conciliation rectified withdrawn'),
    ('entity_allegations', 'investigation stayed conciliation rectified withdrawn'),
    ('investigation', 'drafted stayed conciliation rectified withdrawn'),
    ('drafted', 'decided stayed conciliation rectified withdrawn'),
    ('stayed', 'admitted entity_allegations investigation drafted closed'),
    ('conciliation', 'settled investigation stayed rectified withdrawn'),
    ('rectified', 'closed'),
    ('withdrawn', 'closed own_initiative'),
    ('own_initiative', 'closed'),
    ('decided', 'notified'),
    ('notified', 'binding not_binding'),
    ('not_binding', 'closed'),
    ('binding', 'compliance'),
    ('compliance', 'complied overdue'),
    ('overdue', 'complied reported'),
    ('reported', 'complied closed'),
    ('complied', 'closed')) as drawn (from_state, to_states);
create trigger procedure_move_fixed before insert or update or delete on ombudsman.procedure_move
    for each row execute function ombudsman.refuse_change('procedure_move_fixed');

-- What the firm owes after a case. Its words stand in the dossier.
create table ombudsman.obligation (
    case_id        uuid        not null,
    number         integer     not null,
    kind           text        not null,
    claim_point    text,
    debtor         text        not null,
    entry_sequence bigint      not null,
    since          timestamptz not null,
    due_at         timestamptz not null,
    proof_sequence bigint,
    proved_at      timestamptz,
    done_at        timestamptz,
    overdue_at     timestamptz,
    constraint obligation_pkey primary key (case_id, number),
    constraint obligation_kind_known check (kind in ('order', 'recommendation')),
    constraint obligation_order_answers_a_point check ((kind = 'order') = (claim_point is not null)),
    constraint obligation_leaves_time check (due_at > since),
    constraint obligation_proof_is_whole check ((proof_sequence is null) = (proved_at is null)),
    constraint obligation_done_with_proof check (done_at is null or (proved_at is not null and done_at = proved_at))
);
create unique index obligation_one_order_per_point on ombudsman.obligation (case_id, claim_point) where kind = 'order';
comment on table ombudsman.obligation is 'Orders of binding decisions and recommendations, each with who of the firm owes it and until when.';
comment on column ombudsman.obligation.done_at is 'When the proof came that was held to be good.';
comment on column ombudsman.obligation.overdue_at is 'When the time was over without, as sla-monitor told.';

create table ombudsman.correction (
    case_id        uuid        not null,
    number         integer     not null,
    claim_point    text,
    part           text        not null,
    entry_sequence bigint      not null,
    corrected_by   text        not null,
    corrected_at   timestamptz not null,
    constraint correction_pkey primary key (case_id, number),
    constraint correction_part_known check (part in ('finding', 'reason', 'remedy', 'signpost')),
    constraint correction_of_a_point check ((part = 'signpost') = (claim_point is null))
);
comment on table ombudsman.correction is 'Slips of the pen in decisions. What stood and what is to stand are in the dossier; the decision stays.';

create function ombudsman.broken(p_rule text, p_message text) returns void language plpgsql as $$
begin
    raise exception using errcode = 'check_violation', constraint = p_rule, message = p_message;
end;
$$;
comment on function ombudsman.broken(text, text) is 'Refuses under the name of a rule.';

create function ombudsman.guard_move() returns trigger language plpgsql as $$
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
    if new.state = 'settled' and (old.offer_sequence, old.offer_told_at, old.reflection_until, old.offer_open_until)
           is distinct from (new.offer_sequence, new.offer_told_at, new.reflection_until, new.offer_open_until) then
        perform ombudsman.broken('office_case_settled_on_the_offer_told', 'what is accepted is the offer that was told');
    end if;
    if new.state = 'rectified' and not exists (select from ombudsman.dossier_entry
           where case_id = new.case_id and sequence = new.proof_sequence and kind = 'rectification') then
        perform ombudsman.broken('office_case_rectified_by_the_dossier', 'the dossier does not prove the rectification');
    end if;
    if new.state = 'binding' and not exists (select from ombudsman.decision
           where case_id = new.case_id and outcome <> 'not_upheld' and (binding or new.bound_by <> 'law')) then
        perform ombudsman.broken('office_case_bound_by_its_decision', 'the decision does not bind that way');
    end if;
    if new.state = 'not_binding' and exists (select from ombudsman.decision where case_id = new.case_id and binding) then
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
    if new.state = 'closed' and exists (select from ombudsman.obligation
           where case_id = new.case_id and done_at is null and overdue_at is null) then
        perform ombudsman.broken('office_case_closed_owes_nothing', 'the firm still has time for what it owes');
    end if;
    return new;
end;
$$;
comment on function ombudsman.guard_move() is 'What must hold of a case when it moves, whoever moves it.';
-- Its name puts it behind the guard of what was decided, which says more.
create trigger office_case_then_moves before insert or update on ombudsman.office_case
    for each row execute function ombudsman.guard_move();

create function ombudsman.guard_paper() returns trigger language plpgsql as $$
begin
    if new.kind not in ('stay_end', 'assignment', 'disclosure')
       and exists (select from ombudsman.office_case where case_id = new.case_id and state = 'stayed') then
        perform ombudsman.broken('dossier_entry_not_while_stayed', 'nothing is added to a stayed case but that the stay ends');
    end if;
    return new;
end;
$$;
create trigger dossier_entry_not_while_stayed before insert on ombudsman.dossier_entry
    for each row execute function ombudsman.guard_paper();

create function ombudsman.guard_draft() returns trigger language plpgsql as $$
begin
    if not exists (select from ombudsman.office_case where case_id = new.case_id and state in ('investigation', 'drafted')) then
        perform ombudsman.broken('draft_while_investigated', 'a decision is drafted while the case is investigated');
    end if;
    return new;
end;
$$;
create trigger draft_while_investigated before insert on ombudsman.draft
    for each row execute function ombudsman.guard_draft();

create function ombudsman.guard_notification() returns trigger language plpgsql as $$
begin
    if not exists (select from ombudsman.decision where case_id = new.case_id and issued_at <= new.notified_at) then
        perform ombudsman.broken('notification_after_the_decision', 'there is nothing to tell before the decision');
    end if;
    return new;
end;
$$;
create trigger notification_after_the_decision before insert on ombudsman.notification
    for each row execute function ombudsman.guard_notification();

create function ombudsman.guard_obligation() returns trigger language plpgsql as $$
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
        if (new.proof_sequence, new.proved_at, new.done_at, new.overdue_at) is distinct from (null, null, null, null) then
            perform ombudsman.broken('obligation_begins_open', 'what is owed is not done yet');
        end if;
        return new;
    end if;
    if (new.case_id, new.number, new.kind, new.claim_point, new.debtor, new.entry_sequence, new.since, new.due_at)
       is distinct from
       (old.case_id, old.number, old.kind, old.claim_point, old.debtor, old.entry_sequence, old.since, old.due_at) then
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
    return new;
end;
$$;
create trigger obligation_guarded before insert or update on ombudsman.obligation
    for each row execute function ombudsman.guard_obligation();
create trigger obligation_kept before delete on ombudsman.obligation
    for each row execute function ombudsman.refuse_change('obligation_kept');

create function ombudsman.guard_correction() returns trigger language plpgsql as $$
begin
    if not exists (select from ombudsman.decision d join ombudsman.notification n on n.case_id = d.case_id
                    where d.case_id = new.case_id)
       or not exists (select from ombudsman.dossier_entry
                       where case_id = new.case_id and sequence = new.entry_sequence and kind = 'correction')
       or exists (select from ombudsman.erased_case where case_id = new.case_id) then
        perform ombudsman.broken('correction_of_a_decision_told', 'only what the parties were told is corrected, and by the dossier');
    end if;
    return new;
end;
$$;
create trigger correction_of_a_decision_told before insert on ombudsman.correction
    for each row execute function ombudsman.guard_correction();
create trigger correction_immutable before update or delete on ombudsman.correction
    for each row execute function ombudsman.refuse_change('correction_immutable');

-- Who decided does not decide the review, as long as somebody else could.
create function ombudsman.guard_review() returns trigger language plpgsql as $$
declare
    v_decider text;
begin
    select d.issued_by into v_decider from ombudsman.office_case c join ombudsman.decision d on d.case_id = c.review_of
     where c.case_id = new.case_id;
    if v_decider = new.issued_by and exists (
           select from ombudsman.staff s
            where s.person <> v_decider and 'ombudsman' = any (s.office_roles)
              and cardinality(ombudsman.conflicts(new.case_id, s.person, new.issued_at)) = 0) then
        perform ombudsman.broken('decision_review_by_another', 'another ombudsman decides the review');
    end if;
    return new;
end;
$$;
create trigger decision_review_by_another before insert on ombudsman.decision
    for each row execute function ombudsman.guard_review();

create function ombudsman.guard_review_of() returns trigger language plpgsql as $$
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
    return new;
end;
$$;
create trigger office_case_review_guarded before insert or update on ombudsman.office_case
    for each row execute function ombudsman.guard_review_of();

-- A case can be closed without a decision now, so that its decision tells whether it was decided.
create or replace function ombudsman.guard_decided() returns trigger language plpgsql as $$
begin
    if new.state <> old.state and new.state not in ('decided', 'notified', 'binding', 'not_binding', 'compliance', 'complied',
           'overdue', 'reported', 'closed') and exists (select from ombudsman.decision where case_id = old.case_id) then
        perform ombudsman.broken('office_case_stays_decided', 'a decided case is not taken back');
    end if;
    return new;
end;
$$;

create or replace function ombudsman.guard_erased_case() returns trigger language plpgsql as $$
begin
    perform from ombudsman.office_case
     where case_id = new.case_id and state in ('archived_uncured', 'inadmissible', 'closed', 'withdrawn', 'rectified',
           'forwarded_internally', 'settled')
       for update;
    if not found then
        perform ombudsman.broken('erased_case_is_over', 'a case that is not over is not erased');
    end if;
    return new;
end;
$$;
