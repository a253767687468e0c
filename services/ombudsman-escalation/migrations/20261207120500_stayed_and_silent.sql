-- A stayed case takes in too that what it should have held cannot be had; and two conciliations may come to nothing at one instant.
create or replace function ombudsman.guard_paper() returns trigger language plpgsql as $$
begin
    if new.kind not in ('stay_end', 'withdrawal', 'assignment', 'disclosure', 'code_notice', 'screen_snapshot', 'gap')
       and exists (select from ombudsman.office_case where case_id = new.case_id and state = 'stayed') then
        perform ombudsman.broken('dossier_entry_not_while_stayed',
            'nothing is added to a stayed case but that the stay ends, who sits on it, and what it should have held');
    end if;
    return new;
end;
$$;

create or replace function ombudsman.guard_offer() returns trigger language plpgsql as $$
begin
    if old.conciliation_ended_at is not null and new.conciliation_ended_at is null then
        perform ombudsman.broken('office_case_conciliation_stays_ended', 'what came to nothing came to nothing');
    end if;
    if old.state = 'conciliation' and new.state = 'investigation' and new.conciliation_ended_at is null then
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
