-- What the office says in general: criteria of its leading decisions, and recommendations to the firm.
create table ombudsman.leading_decision (
    case_id   uuid        not null,
    language  text        not null,
    criterion text        not null,
    marked_by text        not null,
    marked_at timestamptz not null,
    constraint leading_decision_pkey primary key (case_id),
    constraint leading_decision_says_something check (btrim(criterion) <> '')
);
create index leading_decision_marked_idx on ombudsman.leading_decision (marked_at);
comment on table ombudsman.leading_decision is 'Decisions that stand for a criterion. The criterion is written to be published and tells of nobody.';

create function ombudsman.guard_leading_decision() returns trigger language plpgsql as $$
begin
    if not exists (select from ombudsman.decision where case_id = new.case_id) then
        raise exception using
            errcode = 'check_violation',
            constraint = 'leading_decision_was_issued',
            message = 'only an issued decision stands for a criterion';
    end if;
    return new;
end;
$$;
create trigger leading_decision_was_issued before insert on ombudsman.leading_decision
    for each row execute function ombudsman.guard_leading_decision();
create trigger leading_decision_immutable before update or delete on ombudsman.leading_decision
    for each row execute function ombudsman.refuse_change('leading_decision_immutable');

create table ombudsman.recommendation (
    recommendation_id uuid        not null,
    regime            text        not null,
    motive            text,
    language          text        not null,
    text              text        not null,
    made_by           text        not null,
    made_at           timestamptz not null,
    constraint recommendation_pkey primary key (recommendation_id),
    constraint recommendation_says_something check (btrim(text) <> '')
);
create index recommendation_made_idx on ombudsman.recommendation (made_at);
comment on table ombudsman.recommendation is 'What the office recommends to the firm in general. Written to be published; tells of nobody.';
create trigger recommendation_immutable before update or delete on ombudsman.recommendation
    for each row execute function ombudsman.refuse_change('recommendation_immutable');
