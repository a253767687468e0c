-- Deliberation and decision. Drafts are ciphertext under the office's key, which the database never sees.

create table ombudsman.draft (
    case_id    uuid        not null,
    revision   integer     not null,
    nonce      bytea       not null,
    ciphertext bytea       not null,
    saved_by   text        not null,
    saved_at   timestamptz not null,
    constraint draft_pkey primary key (case_id, revision),
    constraint draft_nonce_fits check (octet_length(nonce) = 12)
);
comment on table ombudsman.draft is 'AES-256-GCM under the office''s key, bound to case and revision: not even a superuser reads it here.';

create table ombudsman.decision_point (
    case_id  uuid    not null,
    point_id text    not null,
    place    integer not null,
    outcome  text    not null,
    finding  text    not null,
    reason   text    not null,
    remedy   text    not null,
    constraint decision_point_pkey primary key (case_id, point_id),
    constraint decision_point_outcome_known check (outcome in ('upheld', 'partly_upheld', 'not_upheld')),
    constraint decision_point_says_something check (btrim(finding) <> '' and btrim(reason) <> '' and btrim(remedy) <> '')
);
comment on table ombudsman.decision_point is 'One answer per claim point; written once, before the decision.';

create table ombudsman.decision (
    case_id          uuid        not null,
    outcome          text        not null,
    binding          boolean     not null,
    binding_article  text        not null,
    signpost         text        not null,
    language         text        not null,
    issued_by        text        not null,
    issued_at        timestamptz not null,
    notify_due_at    timestamptz not null,
    dossier_sequence bigint      not null,
    dossier_hash     bytea       not null,
    constraint decision_pkey primary key (case_id),
    constraint decision_outcome_known check (outcome in ('upheld', 'partly_upheld', 'not_upheld'))
);
comment on table ombudsman.decision is 'Immutable from the moment it is issued.';

create table ombudsman.notification (
    case_id     uuid        not null,
    channel     text        not null,
    notified_by text        not null,
    notified_at timestamptz not null,
    constraint notification_pkey primary key (case_id)
);
comment on table ombudsman.notification is 'That the parties were told the decision.';

create function ombudsman.guard_decision_point() returns trigger language plpgsql as $$
begin
    perform from ombudsman.office_case where case_id = new.case_id and state = 'drafted' for update;
    if not found or exists (select from ombudsman.decision where case_id = new.case_id) then
        raise exception using
            errcode = 'check_violation',
            constraint = 'decision_point_before_the_decision',
            message = 'answers are written before the decision is issued';
    end if;
    return new;
end;
$$;

create function ombudsman.guard_decision() returns trigger language plpgsql as $$
declare
    v_ticket uuid;
begin
    select ticket_id into v_ticket from ombudsman.office_case
     where case_id = new.case_id and state = 'drafted' for update;
    if v_ticket is null then
        raise exception using
            errcode = 'check_violation',
            constraint = 'decision_after_a_draft',
            message = 'only a drafted case can be decided';
    end if;
    perform from ombudsman.ticket_watch where ticket_id = v_ticket for update;
    if not exists (select from ombudsman.assignment where case_id = new.case_id and person = new.issued_by
                      and office_role = 'ombudsman' and recused_at is null) then
        raise exception using
            errcode = 'check_violation',
            constraint = 'decision_by_the_assigned_ombudsman',
            message = 'only the ombudsman assigned to the case decides it';
    end if;
    if cardinality(ombudsman.conflicts(new.case_id, new.issued_by, new.issued_at)) > 0 then
        raise exception using
            errcode = 'check_violation',
            constraint = 'decision_past_the_wall',
            message = 'the conflict wall stands before who decides';
    end if;
    if exists (select from ombudsman.claim_point p where p.case_id = new.case_id and not exists
                  (select from ombudsman.decision_point d where d.case_id = p.case_id and d.point_id = p.point_id)) then
        raise exception using
            errcode = 'check_violation',
            constraint = 'decision_answers_every_point',
            message = 'a claim point is not answered';
    end if;
    return new;
end;
$$;

create trigger decision_point_before_the_decision before insert on ombudsman.decision_point
    for each row execute function ombudsman.guard_decision_point();
create trigger decision_guarded before insert on ombudsman.decision
    for each row execute function ombudsman.guard_decision();

create trigger decision_immutable before update or delete on ombudsman.decision
    for each row execute function ombudsman.refuse_change('decision_immutable');
create trigger decision_kept before truncate on ombudsman.decision
    for each statement execute function ombudsman.refuse_change('decision_immutable');
create trigger decision_point_immutable before update or delete on ombudsman.decision_point
    for each row execute function ombudsman.refuse_change('decision_immutable');
create trigger decision_point_kept before truncate on ombudsman.decision_point
    for each statement execute function ombudsman.refuse_change('decision_immutable');
create trigger notification_immutable before update or delete on ombudsman.notification
    for each row execute function ombudsman.refuse_change('notification_immutable');

-- Once decided, neither what was claimed nor the way back may change.
create function ombudsman.guard_claim_point() returns trigger language plpgsql as $$
begin
    if exists (select from ombudsman.decision where case_id = coalesce(new.case_id, old.case_id)) then
        raise exception using
            errcode = 'check_violation',
            constraint = 'claim_point_before_the_decision',
            message = 'what was claimed does not change after the decision';
    end if;
    return coalesce(new, old);
end;
$$;
create function ombudsman.guard_decided() returns trigger language plpgsql as $$
begin
    if old.state in ('decided', 'notified', 'closed') and new.state not in ('decided', 'notified', 'closed') then
        raise exception using
            errcode = 'check_violation',
            constraint = 'office_case_stays_decided',
            message = 'a decided case is not taken back';
    end if;
    return new;
end;
$$;
create trigger claim_point_before_the_decision before insert or update or delete on ombudsman.claim_point
    for each row execute function ombudsman.guard_claim_point();
create trigger office_case_stays_decided before update on ombudsman.office_case
    for each row execute function ombudsman.guard_decided();
