-- Law that ships, in versions: each rule as it ever was in force here, the reading chosen included, and which rules were in force together. A clock
-- keeps both, so that neither another release nor another reading changes what it was started under.
create table sla_monitor.shipped_rule (
    rule_id       text        not null,
    rule_version  integer     not null,
    content       text        not null,
    first_seen_at timestamptz not null,
    constraint shipped_rule_pkey primary key (rule_id, rule_version),
    constraint shipped_rule_version_from_one check (rule_version >= 1)
);
comment on table sla_monitor.shipped_rule is 'Every version of every rule that ships, as this database came to know them: another wording, term, effect or reading is another version. Append-only: a clock is judged by the version it was started under.';
comment on column sla_monitor.shipped_rule.content is 'The whole rule as a text that stands alone, with the reading it is under.';

create table sla_monitor.shipped_law (
    law_version   integer     not null,
    company       text        not null,
    rule_ids      text[]      not null,
    rule_versions integer[]   not null,
    first_seen_at timestamptz not null,
    constraint shipped_law_pkey primary key (law_version),
    constraint shipped_law_version_from_one check (law_version >= 1),
    constraint shipped_law_versions_of_rules check (cardinality(rule_ids) = cardinality(rule_versions))
);
comment on table sla_monitor.shipped_law is 'Which versions of rules were in force together, and for a company of what size: why a rule was chosen is explained by these. Append-only.';

create function sla_monitor.shipped_law_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'versions of the law that ships are append-only' using errcode = 'restrict_violation';
end $$;
create trigger shipped_rule_append_only before update or delete on sla_monitor.shipped_rule
    for each row execute function sla_monitor.shipped_law_is_append_only();
create trigger shipped_law_append_only before update or delete on sla_monitor.shipped_law
    for each row execute function sla_monitor.shipped_law_is_append_only();

alter table sla_monitor.clock add column law_version integer not null default 0;
alter table sla_monitor.party_clock add column law_version integer not null default 0;
comment on column sla_monitor.clock.law_version is 'The law that ships which was in force when it was started; 0 for clocks of before it was kept, which are explained by the first.';
comment on column sla_monitor.clock.rule_version is 'Of a rule that ships: its version in shipped_rule; 1 for clocks of before it was kept, which are judged by the first.';
