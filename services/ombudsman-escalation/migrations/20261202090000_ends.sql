-- When a claim is over, said once: for every list, guard and index that asks. A settled case is over and not at its end: what was agreed is to be carried out.

create function ombudsman.is_terminal(p_state text) returns boolean language sql immutable parallel safe as $$
    select p_state in ('archived_uncured', 'inadmissible', 'closed', 'forwarded_internally')
$$;
comment on function ombudsman.is_terminal(text) is 'Whether nothing can follow.';
create function ombudsman.is_over(p_state text) returns boolean language sql immutable parallel safe as $$
    select p_state in ('archived_uncured', 'inadmissible', 'closed', 'forwarded_internally', 'withdrawn', 'rectified', 'settled')
$$;
comment on function ombudsman.is_over(text) is 'Whether the claim is heard no more; the office may still close it, go on by itself, or see to it that what was agreed is carried out.';

alter table ombudsman.office_case add column ended_at timestamptz;
comment on column ombudsman.office_case.ended_at is 'When the claim came to be over; null while it is not. Kept by a trigger.';
-- Until now a case that was over was changed by nothing but its closing.
update ombudsman.office_case set ended_at = updated_at where ombudsman.is_over(state);

create function ombudsman.note_end() returns trigger language plpgsql as $$
begin
    if not ombudsman.is_over(new.state) then
        new.ended_at := null;
    elsif tg_op = 'UPDATE' and ombudsman.is_over(old.state) then
        new.ended_at := old.ended_at;
    else
        new.ended_at := new.updated_at;
    end if;
    return new;
end;
$$;
create trigger office_case_when_ended before insert or update on ombudsman.office_case
    for each row execute function ombudsman.note_end();
alter table ombudsman.office_case add constraint office_case_ended_when_over check ((ended_at is not null) = ombudsman.is_over(state));

drop index ombudsman.office_case_one_live_per_ticket;
create unique index office_case_one_live_per_ticket on ombudsman.office_case (ticket_id)
    where review_of is null and not ombudsman.is_over(state);
drop index ombudsman.office_case_one_live_review;
create unique index office_case_one_live_review on ombudsman.office_case (review_of)
    where review_of is not null and not ombudsman.is_over(state);

create or replace function ombudsman.guard_mandate_end() returns trigger language plpgsql as $$
begin
    if ombudsman.holds_office(new.person, new.ended_at) then
        return null;
    end if;
    if exists (select from ombudsman.assignment a
                 join ombudsman.office_case c on c.case_id = a.case_id
                where a.person = new.person and (a.recused_at is null or a.recused_at = new.ended_at)
                  and not ombudsman.is_terminal(c.state)
                  and (a.recused_at is null or not exists
                      (select from ombudsman.assignment b where b.case_id = a.case_id and b.office_role = a.office_role
                          and b.person <> a.person and b.recused_at is null))) then
        raise exception using
            errcode = 'check_violation',
            constraint = 'mandate_end_leaves_no_case_alone',
            message = 'a pending case would be left without a substitute';
    end if;
    return null;
end;
$$;

create or replace function ombudsman.guard_office_roles() returns trigger language plpgsql as $$
begin
    if exists (select from ombudsman.assignment a
                 join ombudsman.office_case c on c.case_id = a.case_id
                where a.person = new.person and a.recused_at is null and a.office_role <> all (new.office_roles)
                  and not ombudsman.is_terminal(c.state)) then
        raise exception using
            errcode = 'check_violation',
            constraint = 'staff_role_stays_while_seated',
            message = 'the person sits on a pending case in that role';
    end if;
    return new;
end;
$$;
