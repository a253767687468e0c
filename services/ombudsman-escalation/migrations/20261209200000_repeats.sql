-- What a refusal as repeated rests on, where the office said it of affairs that the firm neither merged nor linked too: so that it can be held against what the claimant answers.
alter table ombudsman.office_case
    add column repeats uuid[],
    add column repeats_decided_at timestamptz,
    add constraint office_case_repeats_whole check (
        (repeats is null) = (repeats_decided_at is null) and (repeats is null or (cardinality(repeats) > 0 and ground is not distinct from 'repeated'))
    );
comment on column ombudsman.office_case.repeats is 'Decided cases that a complaint repeats whose refusal on that ground was proposed.';
comment on column ombudsman.office_case.repeats_decided_at is 'When the last of them was decided: what is about later facts repeats none.';

-- What was agreed is carried out, missed and reported while the case is settled, and somebody closes it: until then it is among what is open.
drop index ombudsman.office_case_by_term_idx;
create or replace function ombudsman.is_open(p_state text) returns boolean language sql immutable parallel safe as $$
    select p_state not in ('archived_uncured', 'inadmissible', 'closed', 'forwarded_internally')
$$;
comment on function ombudsman.is_open(text) is 'Whether the office has still something to do about the case: it came to no end.';
create index office_case_by_term_idx on ombudsman.office_case (coalesce(term_due_at, 'infinity'), case_id) where ombudsman.is_open(state);
