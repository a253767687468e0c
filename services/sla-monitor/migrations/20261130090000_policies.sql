-- What the house measures of its own: policies and calendars in versions, and what their clocks need to know of affairs.

create table sla_monitor.law_revision (
    only_row boolean not null default true,
    revision bigint  not null,
    constraint law_revision_pkey primary key (only_row),
    constraint law_revision_one_row check (only_row)
);
comment on table sla_monitor.law_revision is 'Counts every change of policies and calendars: who holds an older one reads them anew.';
insert into sla_monitor.law_revision (revision) values (0);

create table sla_monitor.policy (
    policy_id      text        not null,
    policy_version integer     not null,
    state          text        not null,
    content        bytea       not null,
    in_force_from  timestamptz,
    in_force_until timestamptz,
    actor_kind     text        not null,
    actor_id       text        not null,
    actor_department text,
    written_at     timestamptz not null,
    version        bigint      not null,
    constraint policy_pkey primary key (policy_id, policy_version),
    constraint policy_version_from_one check (policy_version >= 1),
    constraint policy_state_known check (state in ('draft', 'active')),
    constraint policy_in_force_where_active check ((state = 'active') = (in_force_from is not null)),
    constraint policy_until_after_from check (in_force_until is null or in_force_until >= in_force_from)
);
create unique index policy_one_draft on sla_monitor.policy (policy_id) where state = 'draft';
comment on table sla_monitor.policy is 'Policies of the house, a row a version. A version that is active is never edited; only its end is set, and made earlier.';
comment on column sla_monitor.policy.content is 'ventanilla.sla.v1.Policy as it was written, without what the columns hold.';
comment on column sla_monitor.policy.in_force_until is 'Exclusive. Where it is in_force_from, the version never took effect.';
comment on column sla_monitor.policy.version is 'The etag: no two versions of a policy ever have the same.';

create function sla_monitor.active_policy_is_not_edited() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        if old.state = 'active' then
            raise exception 'a version of a policy that was activated is kept' using errcode = 'restrict_violation';
        end if;
        return old;
    end if;
    if old.state = 'active' and (new.content, new.state, new.in_force_from) is distinct from (old.content, old.state, old.in_force_from) then
        raise exception 'a version of a policy that was activated is not edited' using errcode = 'restrict_violation';
    end if;
    if old.in_force_until is not null and (new.in_force_until is null or new.in_force_until > old.in_force_until) then
        raise exception 'the end of a version of a policy is only made earlier' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
create trigger policy_active_stays before update or delete on sla_monitor.policy
    for each row execute function sla_monitor.active_policy_is_not_edited();

create table sla_monitor.calendar (
    calendar_id      text        not null,
    calendar_version text        not null,
    number           integer     not null,
    text             text        not null,
    changes          bytea,
    actor_kind       text,
    actor_id         text,
    actor_department text,
    written_at       timestamptz not null,
    constraint calendar_pkey primary key (calendar_id, calendar_version),
    constraint calendar_number_once unique (calendar_id, number),
    constraint calendar_actor_where_of_the_house check ((changes is null) = (actor_id is null) and (changes is null) = (actor_kind is null))
);
comment on table sla_monitor.calendar is 'Every version of every calendar that clocks were ever counted on, those that ship and those of the house. Append-only: a clock counts on the version it was started on.';
comment on column sla_monitor.calendar.number is 'Order of the versions of one calendar, as they came to be known here.';
comment on column sla_monitor.calendar.text is 'The whole calendar as a data file that stands alone.';
comment on column sla_monitor.calendar.changes is 'ventanilla.sla.v1.HouseCalendar as it was written; none for one that ships.';
create function sla_monitor.calendar_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'versions of calendars are append-only' using errcode = 'restrict_violation';
end $$;
create trigger calendar_append_only before update or delete on sla_monitor.calendar
    for each row execute function sla_monitor.calendar_is_append_only();

alter table sla_monitor.affair
    add column channel      text    not null default '',
    add column severity     text    not null default '',
    add column language     text    not null default '',
    add column served_first boolean not null default false,
    add column received_by  text    not null default '';
update sla_monitor.affair set received_by = department;
comment on column sla_monitor.affair.channel is 'Channel of the first receipt, in lower case; empty where that is not known, as before this column.';
comment on column sla_monitor.affair.severity is 'In lower case; empty where that is not known.';
comment on column sla_monitor.affair.language is 'In lower case; empty where that is not known.';
comment on column sla_monitor.affair.served_first is 'Its customer is served first by right.';
comment on column sla_monitor.affair.received_by is 'The department that received it; of affairs before this column, the one that worked on it then.';

-- What a simulation walks along.
create index affair_received_idx on sla_monitor.affair (first_received_at, affair_id) where kind = 'ticket';

alter table sla_monitor.clock
    add column by_conditions    boolean not null default false,
    add column calendar_version text    not null default '';
comment on column sla_monitor.clock.by_conditions is 'Of a policy of the house: what is measured beside law, and no answer to the customer by itself.';
comment on column sla_monitor.clock.calendar_version is 'Version of the calendar it counts on; empty for clocks before versions were kept: the first one that was.';

alter table sla_monitor.affair_event drop constraint affair_event_kind_known;
alter table sla_monitor.affair_event add constraint affair_event_kind_known
    check (kind in ('waits', 'held', 'works', 'answered', 'customer_wrote', 'handed_over', 'superior_awaited', 'superior_came',
                    'resolved', 'cancelled', 'reopened')) not valid;
alter table sla_monitor.affair_event validate constraint affair_event_kind_known;
alter table sla_monitor.clock_entry drop constraint clock_entry_kind_known;
alter table sla_monitor.clock_entry add constraint clock_entry_kind_known
    check (kind in ('started', 'started_until', 'awaited', 'begun', 'renewed', 'taken_up', 'hindered', 'unhindered', 'fulfilled', 'closed',
                    'cancelled', 'forfeited', 'reopened', 'displaced', 'reinstated')) not valid;
alter table sla_monitor.clock_entry validate constraint clock_entry_kind_known;
alter table sla_monitor.due drop constraint due_kind_known;
alter table sla_monitor.due add constraint due_kind_known
    check (kind = 'breach' or kind ~ '^(warning[1-9][0-9]?|lead[1-9][0-9]{0,6})$') not valid;
alter table sla_monitor.due validate constraint due_kind_known;
alter table sla_monitor.raised drop constraint raised_kind_known;
alter table sla_monitor.raised add constraint raised_kind_known
    check (kind = 'breach' or kind ~ '^(warning[1-9][0-9]?|lead[1-9][0-9]{0,6})$') not valid;
alter table sla_monitor.raised validate constraint raised_kind_known;

-- A warning or breach is raised once per run, and a run is known by where it counts from: its number may change by a late entry about one before it.
-- Who does not know the columns yet writes rows that are each a run of their own.
alter table sla_monitor.due add column origin_at timestamptz not null default now();
update sla_monitor.due d set origin_at = c.origin_at from sla_monitor.clock c where c.clock_id = d.clock_id;
alter table sla_monitor.raised add column origin_at timestamptz not null default now();
update sla_monitor.raised r set origin_at = case when c.epoch = r.epoch then c.origin_at else r.due_at end
from sla_monitor.clock c where c.clock_id = r.clock_id;
alter table sla_monitor.raised drop constraint raised_once;
alter table sla_monitor.raised add constraint raised_once primary key (clock_id, kind, origin_at);
comment on column sla_monitor.due.origin_at is 'Where the run counts from.';
comment on column sla_monitor.raised.origin_at is 'Where the run counted from; of a run before this column that is over, when it was raised for.';
