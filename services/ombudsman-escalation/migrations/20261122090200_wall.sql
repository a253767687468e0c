-- The people of the office and the conflict wall. The wall is judged here, under locks, whatever the program says.

create table ombudsman.staff (
    member_id    uuid        not null,
    version      bigint      not null,
    person       text        not null,
    office_roles text[]      not null,
    unit         text        not null,
    line_manager text,
    created_at   timestamptz not null,
    constraint staff_pkey primary key (member_id),
    constraint staff_person_key unique (person),
    constraint staff_roles_known check (office_roles <@ array['intake', 'investigator', 'ombudsman']
        and cardinality(office_roles) > 0)
);
comment on table ombudsman.staff is 'The register of the office, by opaque ids of the identity provider.';

create table ombudsman.mandate (
    person    text        not null,
    starts_at timestamptz not null,
    ends_at   timestamptz not null,
    constraint mandate_pkey primary key (person, starts_at),
    constraint mandate_two_years check (ends_at >= (starts_at at time zone 'UTC' + interval '2 years') at time zone 'UTC')
);
comment on table ombudsman.mandate is 'Terms of office; at least two years (Ley 7/2017 art. 23.1.a).';

create table ombudsman.relation_declaration (
    declaration_id uuid        not null,
    person         text        not null,
    revision       bigint      not null,
    declared_at    timestamptz not null,
    expires_at     timestamptz not null,
    constraint relation_declaration_pkey primary key (declaration_id),
    constraint relation_declaration_revision_key unique (person, revision)
);
comment on table ombudsman.relation_declaration is 'What a person declared; the newest counts, until it expires.';
comment on column ombudsman.relation_declaration.revision is 'The version of the person''s row that the declaration made: two of one instant still have an order.';

create table ombudsman.relation (
    declaration_id uuid        not null,
    place          integer     not null,
    party_kind     text        not null,
    party          text        not null,
    kind           text        not null,
    ended_at       timestamptz,
    constraint relation_pkey primary key (declaration_id, place),
    constraint relation_party_kind_known check (party_kind in ('customer', 'unit')),
    constraint relation_kind_known check (kind in ('personal', 'professional', 'commercial'))
);
comment on table ombudsman.relation is 'One declared relation with a party: a customer''s id or the slug of a unit.';

-- Who acted on each ticket, as ticketing's ledger tells it.
create table ombudsman.involvement (
    ticket_id  uuid        not null,
    actor_id   text        not null,
    actor_kind text        not null,
    department text        not null,
    last_at    timestamptz not null,
    constraint involvement_pkey primary key (ticket_id, actor_id, actor_kind, department)
);
create index involvement_firm_idx on ombudsman.involvement (actor_id, last_at) where actor_kind = 'employee';
comment on table ombudsman.involvement is 'Projection of the ticketing ledger; department is empty where the entry named none.';

create table ombudsman.ticket_watch (
    ticket_id         uuid   not null,
    received_position bigint,
    constraint ticket_watch_pkey primary key (ticket_id)
);
comment on table ombudsman.ticket_watch is 'The lock that the wall and the projection share per ticket.';
comment on column ombudsman.ticket_watch.received_position is 'Last position of the ticketing ledger that told of the ticket; null while it never did.';

create table ombudsman.assignment (
    assignment_id uuid        not null,
    case_id       uuid        not null,
    person        text        not null,
    office_role   text        not null,
    assigned_at   timestamptz not null,
    assigned_by   text        not null,
    recused_at    timestamptz,
    recuse_ground text[],
    constraint assignment_pkey primary key (assignment_id),
    constraint assignment_role_known check (office_role in ('intake', 'investigator', 'ombudsman'))
);
create unique index assignment_once_live on ombudsman.assignment (case_id, person, office_role) where recused_at is null;
create index assignment_person_idx on ombudsman.assignment (person) where recused_at is null;
comment on table ombudsman.assignment is 'Who works, or worked, on a case. Only the wall lets a row in.';

create function ombudsman.line_of(p_person text) returns table (person text) language sql stable as $$
    with recursive above (person) as (
        select line_manager from ombudsman.staff where staff.person = p_person and line_manager is not null
        union
        select s.line_manager from above join ombudsman.staff s on s.person = above.person where s.line_manager is not null
    ), below (person) as (
        select s.person from ombudsman.staff s where s.line_manager = p_person
        union
        select s.person from below join ombudsman.staff s on s.line_manager = below.person
    )
    select person from (select person from above union select person from below) line where person <> p_person
$$;
comment on function ombudsman.line_of(text) is 'Everybody above and below a person, as far as the register tells.';

-- Volatile on purpose: called after a lock was waited for, it must see what the other transaction committed.
create function ombudsman.conflicts(p_case uuid, p_person text, p_at timestamptz) returns text[] language plpgsql volatile as $$
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
                  and ((party_kind = 'customer' and party = v_customer::text)
                    or (party_kind = 'unit' and party = any (v_units)))) then
        v_found := v_found || 'relation_with_party'::text;
    end if;
    if v_declaration is null then
        v_found := v_found || 'missing_declaration'::text;
    end if;
    if exists (select from ombudsman.involvement
                where actor_id = p_person and actor_kind = 'employee' and last_at >= v_look_back) then
        v_found := v_found || 'firm_principal'::text;
    end if;
    if v_unit is null or not exists (select from ombudsman.mandate
                                      where person = p_person and starts_at <= p_at and ends_at > p_at) then
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
comment on function ombudsman.conflicts(uuid, text, timestamptz) is 'Every ground that keeps a person off a case; what is not known counts.';

create function ombudsman.guard_assignment() returns trigger language plpgsql as $$
declare
    v_ticket uuid;
    v_found  text[];
begin
    -- The case first, then the ticket: the order every writer takes the two locks in.
    select ticket_id into v_ticket from ombudsman.office_case where case_id = new.case_id for update;
    insert into ombudsman.ticket_watch (ticket_id) select v_ticket where v_ticket is not null
        on conflict on constraint ticket_watch_pkey do nothing;
    perform from ombudsman.ticket_watch where ticket_id = v_ticket for update;
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

create function ombudsman.guard_recusal() returns trigger language plpgsql as $$
begin
    if (new.assignment_id, new.case_id, new.person, new.office_role, new.assigned_at, new.assigned_by)
       is distinct from (old.assignment_id, old.case_id, old.person, old.office_role, old.assigned_at, old.assigned_by)
       or old.recused_at is not null or new.recused_at is null then
        raise exception using
            errcode = 'check_violation',
            constraint = 'assignment_only_ends',
            message = 'an assignment can only be ended, and once';
    end if;
    return new;
end;
$$;

create trigger assignment_past_the_wall before insert on ombudsman.assignment
    for each row execute function ombudsman.guard_assignment();
create trigger assignment_only_ends before update on ombudsman.assignment
    for each row execute function ombudsman.guard_recusal();
create trigger assignment_kept before delete on ombudsman.assignment
    for each row execute function ombudsman.refuse_change('assignment_kept');
create trigger involvement_kept before delete on ombudsman.involvement
    for each row execute function ombudsman.refuse_change('involvement_kept');
create trigger relation_declaration_immutable before update or delete on ombudsman.relation_declaration
    for each row execute function ombudsman.refuse_change('relation_declaration_immutable');
create trigger relation_immutable before update or delete on ombudsman.relation
    for each row execute function ombudsman.refuse_change('relation_declaration_immutable');
