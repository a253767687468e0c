-- Yearly evaluations as they were published (Ley 10/2025, art. 21). Append-only.
create table sla_monitor.evaluation (
    year            integer     not null,
    version         integer     not null,
    content         bytea       not null,
    text_es         text        not null,
    text_en         text        not null,
    ledger_position bigint      not null,
    ledger_hash     bytea       not null,
    published_by    text        not null,
    published_at    timestamptz not null,
    constraint evaluation_pkey primary key (year, version),
    constraint evaluation_version_from_one check (version >= 1)
);
comment on table sla_monitor.evaluation is 'Versions of the evaluation of a year; a later one corrects those before, and all are kept.';
comment on column sla_monitor.evaluation.content is 'ventanilla.sla.v1.Evaluation with its figures alone; what the columns hold is left out.';
create function sla_monitor.evaluation_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'published evaluations are append-only' using errcode = 'restrict_violation';
end $$;
create trigger evaluation_append_only before update or delete on sla_monitor.evaluation
    for each row execute function sla_monitor.evaluation_is_append_only();
create trigger evaluation_kept before truncate on sla_monitor.evaluation
    for each statement execute function sla_monitor.evaluation_is_append_only();
