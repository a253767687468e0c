-- What was met is owed once more in one case alone: of two decisions that are told at once, one opens it again.

create unique index obligation_reopened_once on ombudsman.obligation (reopens_case, reopens_number)
    where reopens_case is not null and lapsed_at is null;

-- A review that repeats a decision is a precedent only as long as that one is.
create or replace function ombudsman.keep_precedent() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' and (exists (select from ombudsman.erased_case where case_id = old.case_id)
                          or exists (select from ombudsman.superseded_decision where case_id = old.case_id)
                          or exists (select from ombudsman.office_case c
                                       join ombudsman.superseded_decision s on s.case_id = c.review_of and s.review <> c.case_id
                                      where c.case_id = old.case_id)) then
        return old;
    end if;
    raise exception using
        errcode = 'check_violation',
        constraint = 'precedent_immutable',
        message = 'a decided point stays what it was';
end;
$$;
create or replace function ombudsman.forget_precedents() returns trigger language plpgsql as $$
begin
    delete from ombudsman.precedent p
     where p.case_id = new.case_id
        or p.case_id in (select c.case_id from ombudsman.office_case c where c.review_of = new.case_id and c.case_id <> new.review);
    return null;
end;
$$;
-- Of decisions that were superseded before.
delete from ombudsman.precedent p using ombudsman.office_case c, ombudsman.superseded_decision s
 where c.case_id = p.case_id and s.case_id = c.review_of and s.review <> c.case_id;
