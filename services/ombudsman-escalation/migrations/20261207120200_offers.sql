-- What the firm offers holds off no decision: in a drafted case, and after an offer that came to nothing, it waits until the office tells it.
alter table ombudsman.office_case add column conciliation_ended_at timestamptz;
comment on column ombudsman.office_case.conciliation_ended_at is 'When a conciliation came to nothing last; null while none did. Offers after it wait for the office.';
update ombudsman.office_case c
   set conciliation_ended_at = (select max(e.recorded_at) from ombudsman.dossier_entry e
                                 where e.case_id = c.case_id and e.kind in ('conciliation_end', 'offer_answer'))
 where state in ('admitted', 'entity_allegations', 'investigation', 'drafted', 'conciliation');

create function ombudsman.guard_offer() returns trigger language plpgsql as $$
begin
    if old.conciliation_ended_at is not null and new.conciliation_ended_at is null then
        perform ombudsman.broken('office_case_conciliation_stays_ended', 'what came to nothing came to nothing');
    end if;
    if old.state = 'conciliation' and new.state = 'investigation'
       and new.conciliation_ended_at is not distinct from old.conciliation_ended_at then
        perform ombudsman.broken('office_case_conciliation_ends_noted', 'that a conciliation came to nothing is noted');
    end if;
    if new.state = 'conciliation' and old.state <> 'conciliation' and new.offer_told_at is null
       and (old.state = 'drafted' or old.conciliation_ended_at is not null) then
        perform ombudsman.broken('office_case_conciliation_by_the_office', 'an offer that waits is taken up by telling it');
    end if;
    if new.state = 'conciliation' and old.state = 'conciliation' and old.offer_told_at is not null
       and new.offer_sequence is distinct from old.offer_sequence and new.offered_at < old.offer_open_until then
        perform ombudsman.broken('office_case_offer_stands', 'an offer that the claimant was told stands until it lapsed or was declined');
    end if;
    return new;
end;
$$;
comment on function ombudsman.guard_offer() is 'That no offer holds off a decision, and none that stands is replaced.';
create trigger office_case_then_offers before update on ombudsman.office_case
    for each row execute function ombudsman.guard_offer();
