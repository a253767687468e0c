-- Remedies as they stand since a slip in them was corrected: what a review is held against.
create table ombudsman.corrected_remedy (
    case_id      uuid        not null,
    point_id     text        not null,
    number       integer     not null,
    remedy       text        not null,
    corrected_at timestamptz not null,
    constraint corrected_remedy_pkey primary key (case_id, point_id, number),
    constraint corrected_remedy_point_fkey foreign key (case_id, point_id) references ombudsman.decision_point (case_id, point_id)
);
comment on table ombudsman.corrected_remedy is 'The remedy of a decided point as it stands from one of its corrections on. Goes with the words of its case. Corrections from before this table are in none of it.';

create or replace function ombudsman.repeats(p_review uuid, p_reviewed uuid) returns boolean language sql stable as $$
    with stands as (
        select p.case_id, p.point_id, p.outcome, coalesce(k.remedy, p.remedy) as remedy, p.redress_minor, p.redress_currency
          from ombudsman.decision_point p
          left join lateral (
              select c.remedy from ombudsman.corrected_remedy c
               where (c.case_id, c.point_id) = (p.case_id, p.point_id)
                 and c.corrected_at <= coalesce((select notified_at from ombudsman.notification where case_id = p_review), 'infinity')
               order by c.number desc limit 1) k on true
         where p.case_id in (p_review, p_reviewed))
    select not exists (
        select from (select * from stands where case_id = p_review) r
               full join (select * from stands where case_id = p_reviewed) d on d.point_id = r.point_id
         where (r.point_id, r.outcome, r.remedy, r.redress_minor, r.redress_currency)
               is distinct from (d.point_id, d.outcome, d.remedy, d.redress_minor, d.redress_currency))
$$;
comment on function ombudsman.repeats(uuid, uuid) is 'Whether one decision has the effect of another to the letter, as both stood, corrections and all, when the parties were told the first: outcome, remedy and amount of every point. No later correction makes it another.';

create function ombudsman.guard_corrected_remedy() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        if exists (select from ombudsman.erased_case where case_id = old.case_id) then
            return old;
        end if;
        perform ombudsman.broken('corrected_remedy_kept', 'what was corrected stays');
    end if;
    if tg_op = 'UPDATE' then
        perform ombudsman.broken('corrected_remedy_kept', 'what was corrected stays');
    end if;
    if not exists (select from ombudsman.correction where case_id = new.case_id and number = new.number
                      and claim_point = new.point_id and part = 'remedy' and corrected_at = new.corrected_at) then
        perform ombudsman.broken('corrected_remedy_by_a_correction', 'a remedy is corrected by a correction alone');
    end if;
    return new;
end;
$$;
create trigger corrected_remedy_guarded before insert or update or delete on ombudsman.corrected_remedy
    for each row execute function ombudsman.guard_corrected_remedy();
