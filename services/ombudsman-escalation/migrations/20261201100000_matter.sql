-- What a case is about, as the office counts it: motive, amount, and the language of the claimant.
alter table ombudsman.office_case
    add column motive           text,
    add column language         text not null default 'es',
    add column claimed_minor    bigint,
    add column claimed_currency text,
    add constraint office_case_motive_is_a_slug check (motive ~ '^[a-z0-9][a-z0-9-]{0,63}$'),
    add constraint office_case_language_known check (language in ('es', 'en', 'ca', 'gl', 'eu')),
    add constraint office_case_claimed_is_whole check ((claimed_minor is null) = (claimed_currency is null)
        and claimed_minor > 0 and claimed_currency ~ '^[A-Z]{3}$');
comment on column ombudsman.office_case.motive is 'Motive of the complaint: the topic of its ticket until the office says another; none while nobody said one.';
comment on column ombudsman.office_case.claimed_minor is 'What the claimant asks for in money, in minor units.';
create index office_case_filed_idx on ombudsman.office_case (filed_at_office);
create index office_case_cause_idx on ombudsman.office_case (regime, motive, created_at);

alter table ombudsman.decision_point
    add column redress_minor    bigint,
    add column redress_currency text,
    add constraint decision_point_redress_is_whole check ((redress_minor is null) = (redress_currency is null)
        and redress_minor > 0 and redress_currency ~ '^[A-Z]{3}$'),
    add constraint decision_point_redress_is_upheld check (redress_minor is null or outcome <> 'not_upheld');
alter table ombudsman.decision
    add column redress_minor    bigint,
    add column redress_currency text,
    add constraint decision_redress_is_whole check ((redress_minor is null) = (redress_currency is null));
comment on column ombudsman.decision.redress_minor is 'The sum of its points: what the firm is to pay.';
create index decision_issued_idx on ombudsman.decision (issued_at);

create or replace function ombudsman.keep_decision_point() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and exists (select from ombudsman.erased_case where case_id = old.case_id)
       and (new.case_id, new.point_id, new.place, new.outcome, new.redress_minor, new.redress_currency)
           is not distinct from (old.case_id, old.point_id, old.place, old.outcome, old.redress_minor, old.redress_currency)
       and (new.finding, new.reason, new.remedy) = ('[erased]', '[erased]', '[erased]') then
        return new;
    end if;
    raise exception using
        errcode = 'check_violation',
        constraint = 'decision_immutable',
        message = tg_table_name || ' is written once';
end;
$$;

create function ombudsman.guard_redress() returns trigger language plpgsql as $$
begin
    if exists (select from ombudsman.decision_point where case_id = new.case_id and redress_currency <> new.redress_currency)
       or new.redress_minor is distinct from
          (select sum(redress_minor) from ombudsman.decision_point where case_id = new.case_id) then
        raise exception using
            errcode = 'check_violation',
            constraint = 'decision_redress_is_the_sum',
            message = 'the redress of a decision is the sum of its points, in one currency';
    end if;
    return new;
end;
$$;
create trigger decision_redress_is_the_sum before insert on ombudsman.decision
    for each row execute function ombudsman.guard_redress();
