-- What was missed is reported before its case is closed, and a proof is judged before that.

alter table ombudsman.obligation add column reported_at timestamptz;
alter table ombudsman.obligation add constraint obligation_reported_once_overdue check (reported_at is null or overdue_at is not null);
comment on column ombudsman.obligation.reported_at is 'When the office reported that it was not met in time; null where it did not, or it was met.';
update ombudsman.obligation o set reported_at = told.at
  from (select case_id, max(recorded_at) as at from ombudsman.dossier_entry where kind = 'overdue_report' group by case_id) told
 where told.case_id = o.case_id and o.kind <> 'recommendation' and o.overdue_at <= told.at;

create function ombudsman.is_unreported(o ombudsman.obligation) returns boolean language sql immutable as $$
    select o.kind <> 'recommendation' and o.overdue_at is not null and o.done_at is null and o.lapsed_at is null
       and o.proof_sequence is null and o.reported_at is null
$$;
comment on function ombudsman.is_unreported(ombudsman.obligation) is 'Whether it was ordered or agreed, missed, and nobody reported it.';
create function ombudsman.is_to_be_done(o ombudsman.obligation) returns boolean language sql immutable as $$
    select (o.done_at is null and o.lapsed_at is null and (o.overdue_at is null or o.proof_sequence is not null)) or ombudsman.is_unreported(o)
$$;
comment on function ombudsman.is_to_be_done(ombudsman.obligation) is 'Whether the firm has something to do, or the office to judge or to report.';

create function ombudsman.guard_report() returns trigger language plpgsql as $$
begin
    if old.reported_at is not null and new.reported_at is distinct from old.reported_at then
        perform ombudsman.broken('obligation_reported_once', 'what was reported was reported');
    end if;
    if new.reported_at is not null and old.reported_at is null and not exists (select from ombudsman.dossier_entry
           where case_id = new.case_id and kind = 'overdue_report' and recorded_at = new.reported_at) then
        perform ombudsman.broken('obligation_reported_by_the_dossier', 'the dossier holds no report of it');
    end if;
    return new;
end;
$$;
create trigger obligation_report_guarded before update on ombudsman.obligation for each row execute function ombudsman.guard_report();

create function ombudsman.guard_close() returns trigger language plpgsql as $$
begin
    if exists (select from ombudsman.obligation o where o.case_id = new.case_id and ombudsman.is_to_be_done(o)) then
        perform ombudsman.broken('office_case_closed_owes_nothing', 'something is still to be done, to be judged or to be reported');
    end if;
    return new;
end;
$$;
-- Its name puts it behind the guard of moves, which says more.
create trigger office_case_then_owes_nothing before update of state on ombudsman.office_case
    for each row when (new.state = 'closed' and old.state <> 'closed') execute function ombudsman.guard_close();

create or replace function ombudsman.next_term(p_case uuid, p_state text) returns timestamptz language sql stable as $$
    select min(due) from (
        select coalesce(due_at, breached_at) as due from ombudsman.case_clock
         where case_id = p_case and bearer is null and settled_at is null and p_state <> 'stayed'
        union all
        select due_at from ombudsman.obligation
         where case_id = p_case and kind <> 'recommendation' and done_at is null and lapsed_at is null and reported_at is null
           and p_state in ('compliance', 'overdue', 'reported', 'settled')
    ) as running
$$;
update ombudsman.office_case set term_due_at = ombudsman.next_term(case_id, state) where state in ('settled', 'reported');
