-- What a settlement promises is owed like what is ordered: by whom, until when, with proof.
alter table ombudsman.office_case
    add column offer_debtor text,
    add column offer_days   integer,
    add constraint office_case_offer_promise_is_whole check ((offer_debtor is null) = (offer_days is null)
        and offer_days between 1 and 365);
comment on column ombudsman.office_case.offer_days is 'Calendar days the firm has to carry out the offer once it is accepted; null where nothing is left to be done.';

alter table ombudsman.obligation
    add column lapsed_at        timestamptz,
    add column reopens_case     uuid,
    add column reopens_number   integer,
    drop constraint obligation_kind_known,
    add constraint obligation_kind_known check (kind in ('order', 'recommendation', 'settlement')),
    add constraint obligation_lapsed_unmet check (lapsed_at is null or done_at is null),
    add constraint obligation_reopens_is_whole check ((reopens_case is null) = (reopens_number is null)
        and (reopens_case is null or kind = 'recommendation') and reopens_case <> case_id);
comment on column ombudsman.obligation.lapsed_at is 'When a review took the place of the decision it came of, so that it is owed no more.';
comment on column ombudsman.obligation.reopens_case is 'With its number: what had been met after another customer''s case and is owed once more.';
create unique index obligation_one_settlement on ombudsman.obligation (case_id) where kind = 'settlement';
create index obligation_reopens_idx on ombudsman.obligation (reopens_case, reopens_number) where reopens_case is not null;

drop trigger procedure_move_fixed on ombudsman.procedure_move;
insert into ombudsman.procedure_move (from_state, to_state) values
    ('settled', 'closed'), ('notified', 'closed'), ('binding', 'closed'), ('compliance', 'closed'), ('overdue', 'closed');
create trigger procedure_move_fixed before insert or update or delete on ombudsman.procedure_move
    for each row execute function ombudsman.refuse_change('procedure_move_fixed');

create or replace function ombudsman.guard_erased_case() returns trigger language plpgsql as $$
begin
    perform from ombudsman.office_case where case_id = new.case_id and ombudsman.is_over(state) for update;
    if not found or exists (select from ombudsman.obligation
           where case_id = new.case_id and done_at is null and overdue_at is null and lapsed_at is null) then
        perform ombudsman.broken('erased_case_is_over', 'a case that is not over is not erased');
    end if;
    return new;
end;
$$;
create index obligation_done_idx on ombudsman.obligation (done_at desc, case_id desc, number desc) where done_at is not null;
