-- The people of the house: how terms follow one another and end, what may not be, who turned out to be one party.
-- The wall is judged here too, whatever the program says.

alter table ombudsman.staff drop constraint staff_roles_known;
alter table ombudsman.staff add constraint staff_roles_known check
    (office_roles <@ array['intake', 'investigator', 'ombudsman', 'quality', 'auditor'] and cardinality(office_roles) > 0);
alter table ombudsman.assignment drop constraint assignment_role_known;
alter table ombudsman.assignment add constraint assignment_role_known check
    (office_role in ('intake', 'investigator', 'ombudsman', 'quality'));

alter table ombudsman.mandate add column ended_at timestamptz;
alter table ombudsman.mandate add column end_cause text;
alter table ombudsman.mandate add column end_explanation text;
alter table ombudsman.mandate add column ended_by text;
alter table ombudsman.mandate add constraint mandate_end_cause_known check (end_cause in
    ('resignation', 'death', 'incapacity', 'incompatibility', 'conviction', 'serious_breach'));
alter table ombudsman.mandate add constraint mandate_ends_with_a_cause check
    ((ended_at is null and end_cause is null and end_explanation is null and ended_by is null)
  or (ended_at is not null and end_cause is not null and btrim(end_explanation) <> '' and ended_by is not null));
alter table ombudsman.mandate add constraint mandate_ends_before_its_time check (ended_at < ends_at);
comment on column ombudsman.mandate.ended_at is 'When it ended before its time, for a cause of the closed list; null while it did not.';

create table ombudsman.incompatibility (
    declaration_id uuid        not null,
    place          integer     not null,
    kind           text        not null,
    ended_at       timestamptz,
    constraint incompatibility_pkey primary key (declaration_id, place),
    constraint incompatibility_kind_known check (kind in
        ('employed_by_firm', 'governs_firm', 'owns_firm', 'paid_by_outcome', 'advises_parties', 'disqualified'))
);
create trigger incompatibility_immutable before update or delete on ombudsman.incompatibility
    for each row execute function ombudsman.refuse_change('relation_declaration_immutable');
comment on table ombudsman.incompatibility is 'One declared post or interest that no person of the office may have.';

create table ombudsman.customer_family (
    customer_id uuid not null,
    family_id   uuid not null,
    constraint customer_family_pkey primary key (customer_id)
);
create index customer_family_idx on ombudsman.customer_family (family_id, customer_id);
create trigger customer_family_kept before delete on ombudsman.customer_family
    for each row execute function ombudsman.refuse_change('customer_family_kept');
comment on table ombudsman.customer_family is 'Projection of the ledger of customer-profile: ids that were one person at any time. Families grow together and never come apart.';

-- Terms of office.
create function ombudsman.guard_mandate() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        perform from ombudsman.staff where person = new.person for update;
        if exists (select from ombudsman.mandate
                    where person = new.person and least(ends_at, ended_at) > new.starts_at) then
            raise exception using
                errcode = 'check_violation',
                constraint = 'mandate_follows_the_last',
                message = 'a term of office begins when the one before is over, or later';
        end if;
        return new;
    end if;
    if (new.person, new.starts_at, new.ends_at) is distinct from (old.person, old.starts_at, old.ends_at)
       or old.ended_at is not null or new.ended_at is null then
        raise exception using
            errcode = 'check_violation',
            constraint = 'mandate_only_ends',
            message = 'a term of office can only be ended, and once';
    end if;
    return new;
end;
$$;
create trigger mandate_guarded before insert or update on ombudsman.mandate
    for each row execute function ombudsman.guard_mandate();
create trigger mandate_kept before delete on ombudsman.mandate
    for each row execute function ombudsman.refuse_change('mandate_kept');

create function ombudsman.holds_office(p_person text, p_at timestamptz) returns boolean language sql volatile as $$
    select exists (select from ombudsman.mandate
                    where person = p_person and starts_at <= p_at and least(ends_at, ended_at) > p_at)
$$;
comment on function ombudsman.holds_office(text, timestamptz) is 'Whether a term of office of the person runs.';
create function ombudsman.may_govern(p_person text, p_at timestamptz) returns boolean language sql volatile as $$
    select ombudsman.holds_office(p_person, p_at)
        or not exists (select from ombudsman.staff s where 'ombudsman' = any(s.office_roles) and ombudsman.holds_office(s.person, p_at));
$$;
comment on function ombudsman.may_govern(text, timestamptz) is 'Whether the person may change the register: in a term that runs; or the office has no ombudsman whose term does, and is to be given one.';

-- At the end of the transaction, so that substitutes can be seated in it.
create function ombudsman.guard_mandate_end() returns trigger language plpgsql as $$
begin
    if ombudsman.holds_office(new.person, new.ended_at) then
        return null;
    end if;
    if exists (select from ombudsman.assignment a
                 join ombudsman.office_case c on c.case_id = a.case_id
                where a.person = new.person and (a.recused_at is null or a.recused_at = new.ended_at)
                  and c.state not in ('archived_uncured', 'inadmissible', 'closed', 'forwarded_internally', 'settled')
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
create constraint trigger mandate_end_leaves_no_case_alone after update on ombudsman.mandate
    deferrable initially deferred for each row when (old.ended_at is null and new.ended_at is not null)
    execute function ombudsman.guard_mandate_end();

-- What is done in the office's name is done under a term that runs, by who is appointed for it.
create function ombudsman.guard_act() returns trigger language plpgsql as $$
declare
    v_person text        := to_jsonb(new) ->> tg_argv[1];
    v_at     timestamptz := (to_jsonb(new) ->> tg_argv[2])::timestamptz;
begin
    -- Waits for a declaration, an ending or a change of roles under way.
    perform from ombudsman.staff where person = v_person and office_roles && tg_argv[3]::text[] for share;
    if not found or not ombudsman.holds_office(v_person, v_at) then
        raise exception using
            errcode = 'check_violation',
            constraint = tg_argv[0],
            message = 'only who is appointed for it and has a mandate that runs does this';
    end if;
    return new;
end;
$$;
comment on function ombudsman.guard_act() is 'Arguments: the rule, the columns of person and instant, the roles that may.';
create trigger decision_by_a_mandate_that_runs before insert on ombudsman.decision
    for each row execute function ombudsman.guard_act('decision_by_a_mandate_that_runs', 'issued_by', 'issued_at', '{ombudsman}');
create trigger draft_by_a_mandate_that_runs before insert on ombudsman.draft
    for each row execute function ombudsman.guard_act('draft_by_a_mandate_that_runs', 'saved_by', 'saved_at', '{investigator,ombudsman}');
create trigger notification_by_a_mandate_that_runs before insert on ombudsman.notification
    for each row execute function ombudsman.guard_act('notification_by_a_mandate_that_runs', 'notified_by', 'notified_at', '{intake,ombudsman}');
create trigger assignment_by_a_mandate_that_runs before insert on ombudsman.assignment
    for each row execute function ombudsman.guard_act('assignment_by_a_mandate_that_runs', 'assigned_by', 'assigned_at', '{intake,ombudsman}');

-- The key a draft is closed under, by a name that tells nothing of it.
alter table ombudsman.draft add column key_id text;
create index draft_key_idx on ombudsman.draft (key_id, case_id, revision);
comment on column ombudsman.draft.key_id is 'Made from the key; null for drafts that were closed before keys were named.';
create function ombudsman.guard_draft_closing() returns trigger language plpgsql as $$
begin
    if (new.case_id, new.revision, new.saved_by, new.saved_at)
       is distinct from (old.case_id, old.revision, old.saved_by, old.saved_at)
       or new.key_id is null or new.nonce = old.nonce then
        raise exception using
            errcode = 'check_violation',
            constraint = 'draft_is_only_closed_anew',
            message = 'a draft can only be closed anew, under a named key and a fresh nonce';
    end if;
    return new;
end;
$$;
create trigger draft_is_only_closed_anew before update on ombudsman.draft
    for each row execute function ombudsman.guard_draft_closing();

-- The wall, with incompatibilities and with everybody who turned out to be the claimant.
create or replace function ombudsman.conflicts(p_case uuid, p_person text, p_at timestamptz) returns text[] language plpgsql volatile as $$
declare
    v_ticket   uuid;
    v_customer uuid;
    v_unit     text;
    v_declaration uuid;
    v_look_back timestamptz := ((date_trunc('day', p_at at time zone 'Europe/Madrid') - interval '3 years') at time zone 'Europe/Madrid');
    v_units    text[];
    v_found    text[] := '{}';
begin
    select ticket_id, customer_id into v_ticket, v_customer from ombudsman.office_case where case_id = p_case;
    if v_ticket is null then
        return array['involvement_unknown'];
    end if;
    select coalesce(array_agg(distinct department) filter (where department <> '' and actor_kind in ('employee', 'system')), '{}')
      into v_units from ombudsman.involvement where ticket_id = v_ticket;
    if exists (select from ombudsman.involvement where ticket_id = v_ticket and actor_id = p_person) then
        v_found := v_found || 'touched_ticket'::text;
    end if;
    select unit into v_unit from ombudsman.staff where person = p_person;
    if v_unit = any (v_units) then
        v_found := v_found || 'unit_touched_ticket'::text;
    end if;
    if exists (select from ombudsman.line_of(p_person) line
                 join ombudsman.involvement i on i.ticket_id = v_ticket and i.actor_id = line.person) then
        v_found := v_found || 'line_touched_ticket'::text;
    end if;
    select declaration_id into v_declaration from
        (select declaration_id, expires_at from ombudsman.relation_declaration
          where person = p_person order by revision desc limit 1) newest
     where expires_at > p_at;
    if exists (select from ombudsman.relation where declaration_id = v_declaration
                  and (ended_at is null or ended_at >= v_look_back)
                  and ((party_kind = 'customer' and (party = v_customer::text or party in
                          (select kin.customer_id::text from ombudsman.customer_family own
                             join ombudsman.customer_family kin on kin.family_id = own.family_id
                            where own.customer_id = v_customer)))
                    or (party_kind = 'unit' and party = any (v_units)))) then
        v_found := v_found || 'relation_with_party'::text;
    end if;
    if v_declaration is null then
        v_found := v_found || 'missing_declaration'::text;
    end if;
    if exists (select from ombudsman.incompatibility
                where declaration_id = v_declaration and (ended_at is null or ended_at > p_at)) then
        v_found := v_found || 'incompatible'::text;
    end if;
    if exists (select from ombudsman.involvement
                where actor_id = p_person and actor_kind = 'employee' and last_at >= v_look_back) then
        v_found := v_found || 'firm_principal'::text;
    end if;
    if v_unit is null or not ombudsman.holds_office(p_person, p_at) then
        v_found := v_found || 'no_mandate'::text;
    end if;
    if not exists (select from ombudsman.ticket_watch where ticket_id = v_ticket and received_position is not null)
       or exists (select from ombudsman.involvement
                   where ticket_id = v_ticket and actor_kind = 'employee' and department = '') then
        v_found := v_found || 'involvement_unknown'::text;
    end if;
    return v_found;
end;
$$;

create or replace function ombudsman.guard_assignment() returns trigger language plpgsql as $$
declare
    v_ticket uuid;
    v_found  text[];
begin
    -- The case first, then the ticket, then the person, then the families of customers: the order every writer takes the locks in.
    select ticket_id into v_ticket from ombudsman.office_case where case_id = new.case_id for update;
    insert into ombudsman.ticket_watch (ticket_id) select v_ticket where v_ticket is not null
        on conflict on constraint ticket_watch_pkey do nothing;
    perform from ombudsman.ticket_watch where ticket_id = v_ticket for update;
    perform from ombudsman.staff where person = new.person for share;
    perform pg_advisory_xact_lock_shared(hashtextextended('ombudsman.customer_family', 0));
    v_found := ombudsman.conflicts(new.case_id, new.person, new.assigned_at);
    if not exists (select from ombudsman.staff where person = new.person and new.office_role = any (office_roles)) then
        v_found := v_found || 'not_appointed'::text;
    end if;
    if cardinality(v_found) > 0 then
        raise exception using
            errcode = 'check_violation',
            constraint = 'assignment_past_the_wall',
            message = 'the conflict wall refuses the assignment: ' || array_to_string(v_found, ', ');
    end if;
    return new;
end;
$$;

-- A role in which somebody sits on an open case stays theirs until somebody else has the seat.
create function ombudsman.guard_office_roles() returns trigger language plpgsql as $$
begin
    if exists (select from ombudsman.assignment a
                 join ombudsman.office_case c on c.case_id = a.case_id
                where a.person = new.person and a.recused_at is null and a.office_role <> all (new.office_roles)
                  and c.state not in ('archived_uncured', 'inadmissible', 'closed', 'forwarded_internally', 'settled')) then
        raise exception using
            errcode = 'check_violation',
            constraint = 'staff_role_stays_while_seated',
            message = 'the person sits on a pending case in that role';
    end if;
    return new;
end;
$$;
create trigger staff_role_stays_while_seated before update of office_roles on ombudsman.staff
    for each row execute function ombudsman.guard_office_roles();
