-- Cases whose words were destroyed with their claimant's data. The chain of the dossier, the outcome and its dates stay.
create table ombudsman.erased_case (
    case_id   uuid        not null,
    erased_at timestamptz not null,
    constraint erased_case_pkey primary key (case_id)
);
comment on table ombudsman.erased_case is 'That the words of a case were destroyed. Only a case that is over comes in here, and none goes out.';

create function ombudsman.guard_erased_case() returns trigger language plpgsql as $$
begin
    perform from ombudsman.office_case
     where case_id = new.case_id and state in ('archived_uncured', 'inadmissible', 'closed', 'withdrawn', 'rectified')
       for update;
    if not found then
        raise exception using
            errcode = 'check_violation',
            constraint = 'erased_case_is_over',
            message = 'a case that is not over is not erased';
    end if;
    return new;
end;
$$;
create trigger erased_case_is_over before insert on ombudsman.erased_case
    for each row execute function ombudsman.guard_erased_case();
create trigger erased_case_kept before update or delete on ombudsman.erased_case
    for each row execute function ombudsman.refuse_change('erased_case_kept');

create function ombudsman.keep_decision_point() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and exists (select from ombudsman.erased_case where case_id = old.case_id)
       and (new.case_id, new.point_id, new.place, new.outcome) = (old.case_id, old.point_id, old.place, old.outcome)
       and (new.finding, new.reason, new.remedy) = ('[erased]', '[erased]', '[erased]') then
        return new;
    end if;
    raise exception using
        errcode = 'check_violation',
        constraint = 'decision_immutable',
        message = tg_table_name || ' is written once';
end;
$$;
comment on function ombudsman.keep_decision_point() is 'A decision''s answers do not change; of an erased case their words go, and nothing else.';
drop trigger decision_point_immutable on ombudsman.decision_point;
create trigger decision_point_immutable before update or delete on ombudsman.decision_point
    for each row execute function ombudsman.keep_decision_point();

create or replace function ombudsman.guard_claim_point() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and exists (select from ombudsman.erased_case where case_id = old.case_id)
       and (new.case_id, new.point_id, new.place, new.claim) = (old.case_id, old.point_id, old.place, '[erased]') then
        return new;
    end if;
    if exists (select from ombudsman.decision where case_id = coalesce(new.case_id, old.case_id)) then
        raise exception using
            errcode = 'check_violation',
            constraint = 'claim_point_before_the_decision',
            message = 'what was claimed does not change after the decision';
    end if;
    return coalesce(new, old);
end;
$$;
