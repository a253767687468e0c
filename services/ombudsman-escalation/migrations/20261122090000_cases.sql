-- Cases before the office, what is claimed in them, and the guards that other tables share.

create function ombudsman.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception using
        errcode = 'check_violation',
        constraint = tg_argv[0],
        message = tg_table_name || ' is written once';
end;
$$;
comment on function ombudsman.refuse_change() is 'For tables that are only added to; the argument names the rule.';

create table ombudsman.office_case (
    case_id              uuid        not null,
    version              bigint      not null,
    ticket_id            uuid        not null,
    customer_id          uuid        not null,
    regime               text        not null,
    state                text        not null,
    filed_at_entity      timestamptz not null,
    filed_at_office      timestamptz not null,
    facts_at             timestamptz,
    known_at             timestamptz,
    parallel             text,
    channel              text        not null,
    opened_by_kind       text        not null,
    opened_by            text        not null,
    opened_by_department text,
    cure_items           text[],
    cure_due_at          timestamptz,
    cured_at             timestamptz,
    ground               text,
    reasons              text,
    allegations_due_at   timestamptz,
    allegations_at       timestamptz,
    signpost             text,
    refused_at           timestamptz,
    statement_due_at     timestamptz,
    dossier_length       bigint      not null default 0,
    dossier_head         bytea       not null default decode(repeat('00', 32), 'hex'),
    created_at           timestamptz not null,
    updated_at           timestamptz not null,
    constraint office_case_pkey primary key (case_id),
    constraint office_case_state_known check (state in
        ('received', 'registered', 'needs_cure', 'archived_uncured', 'inadmissible_proposed', 'inadmissible',
         'admitted', 'entity_allegations', 'investigation', 'drafted', 'decided', 'notified', 'closed',
         'withdrawn', 'rectified')),
    constraint office_case_parallel_known check (parallel in ('none', 'pending', 'decided')),
    constraint office_case_ground_known check (ground in
        ('essential_data_missing', 'other_forum', 'not_concrete_operations', 'repeated', 'filing_window_passed',
         'time_barred', 'parallel_proceedings')),
    constraint office_case_cure_is_whole check ((cure_items is null) = (cure_due_at is null)
        and (state <> 'needs_cure' or cure_due_at is not null)),
    constraint office_case_refusal_has_ground check (state not in ('inadmissible_proposed', 'inadmissible')
        or (ground is not null and reasons is not null and allegations_due_at is not null)),
    constraint office_case_refusal_has_signpost check (state not in ('inadmissible', 'archived_uncured')
        or (reasons is not null and signpost is not null and refused_at is not null)),
    constraint office_case_hearing_has_term check (state not in
        ('admitted', 'entity_allegations', 'investigation', 'drafted', 'decided', 'notified', 'closed')
        or statement_due_at is not null),
    constraint office_case_head_is_sha256 check (octet_length(dossier_head) = 32)
);
create unique index office_case_one_live_per_ticket on ombudsman.office_case (ticket_id)
    where state not in ('archived_uncured', 'inadmissible', 'closed', 'withdrawn', 'rectified');
create index office_case_newest_idx on ombudsman.office_case (created_at desc, case_id desc);
create index office_case_customer_idx on ombudsman.office_case (customer_id);
comment on table ombudsman.office_case is 'One complaint before the office. Its state moves by the steps of the domain alone.';
comment on column ombudsman.office_case.filed_at_entity is 'First presentation at any door of the firm: where the legal clock starts.';
comment on column ombudsman.office_case.dossier_head is 'Hash of the last entry of the dossier; moved by the trigger of dossier_entry only.';

create table ombudsman.claim_point (
    case_id  uuid    not null,
    point_id text    not null,
    place    integer not null,
    claim    text    not null,
    constraint claim_point_pkey primary key (case_id, point_id),
    constraint claim_point_place_key unique (case_id, place)
);
comment on table ombudsman.claim_point is 'What is to be answered, in the claimant''s words.';

create table ombudsman.case_clock (
    clock_id    text        not null,
    case_id     uuid        not null,
    rule        text        not null,
    stage       text        not null,
    due_at      timestamptz,
    settled_at  timestamptz,
    breached_at timestamptz,
    constraint case_clock_pkey primary key (clock_id)
);
create index case_clock_case_idx on ombudsman.case_clock (case_id);
comment on table ombudsman.case_clock is 'Clocks that sla-monitor runs on a case, as its ledger tells them.';
