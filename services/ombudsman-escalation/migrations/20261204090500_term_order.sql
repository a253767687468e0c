-- By what a case is in danger: the next term that the office, or the firm by what was ordered, has to keep. It stands on the case, so that the most endangered of any
-- number of open cases are found by an index.

create function ombudsman.is_open(p_state text) returns boolean language sql immutable parallel safe as $$
    select p_state not in ('archived_uncured', 'inadmissible', 'closed', 'forwarded_internally', 'settled')
$$;
comment on function ombudsman.is_open(text) is 'Whether the office has still something to do about the case: it came to no end and to no settlement.';

-- A term that was missed and is paused is as late as it was when it was missed. A stayed case has none: it is as it was until it is resumed. What was reported is not in danger
-- any more: the office has done what it may.
create function ombudsman.next_term(p_case uuid, p_state text) returns timestamptz language sql stable as $$
    select min(due) from (
        select coalesce(due_at, breached_at) as due from ombudsman.case_clock
         where case_id = p_case and bearer is null and settled_at is null and p_state <> 'stayed'
        union all
        select due_at from ombudsman.obligation
         where case_id = p_case and kind <> 'recommendation' and done_at is null and lapsed_at is null
           and p_state in ('compliance', 'overdue')
    ) as running
$$;
comment on function ombudsman.next_term(uuid, text) is 'The end of the next term that has to be kept and was not kept yet; null where none runs.';

alter table ombudsman.office_case add column term_due_at timestamptz;
comment on column ombudsman.office_case.term_due_at is 'The end of the next term that has to be kept, see next_term. Kept by triggers.';
update ombudsman.office_case set term_due_at = ombudsman.next_term(case_id, state);

create function ombudsman.note_term_of_state() returns trigger language plpgsql as $$
begin
    new.term_due_at := ombudsman.next_term(new.case_id, new.state);
    return new;
end;
$$;
create trigger office_case_term_of_state before update of state on ombudsman.office_case
    for each row when (new.state <> old.state) execute function ombudsman.note_term_of_state();

-- The case is held before it is looked what runs: of two that change what runs, the second sees what the first wrote.
create function ombudsman.note_term() returns trigger language plpgsql as $$
begin
    perform from ombudsman.office_case where case_id = new.case_id for no key update;
    update ombudsman.office_case set term_due_at = ombudsman.next_term(case_id, state)
     where case_id = new.case_id and term_due_at is distinct from ombudsman.next_term(case_id, state);
    return null;
end;
$$;
create trigger case_clock_term after insert or update on ombudsman.case_clock
    for each row execute function ombudsman.note_term();
create trigger obligation_term after insert or update on ombudsman.obligation
    for each row execute function ombudsman.note_term();

create index office_case_by_term_idx on ombudsman.office_case (coalesce(term_due_at, 'infinity'), case_id) where ombudsman.is_open(state);
