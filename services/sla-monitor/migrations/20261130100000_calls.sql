-- Calls as telephone systems measured them. Append-only: published figures rest on them.
create table sla_monitor.call (
    source_system           text        not null,
    external_id             text        not null,
    department              text        not null,
    queue                   text        not null default '',
    channel                 text        not null,
    language                text        not null default '',
    served_first            boolean     not null default false,
    arrived_at              timestamptz not null,
    ended_as                text        not null,
    waited_until            timestamptz not null,
    human_requested_at      timestamptz,
    human_at                timestamptz,
    supervisor_requested_at timestamptz,
    supervisor_at           timestamptz,
    supervisor_later_at     timestamptz,
    supervisor_due_at       timestamptz,
    recorded_at             timestamptz not null,
    waited_micros           bigint      not null
        generated always as ((extract(epoch from waited_until - arrived_at) * 1000000)::bigint) stored,
    human_micros            bigint
        generated always as ((extract(epoch from human_at - human_requested_at) * 1000000)::bigint) stored,
    constraint call_once_per_system primary key (source_system, external_id),
    constraint call_end_known check (ended_as in ('answered', 'abandoned', 'hung_up')),
    constraint call_waits_forward check (waited_until >= arrived_at),
    constraint call_human_after_request check (human_at is null or (human_requested_at is not null and human_at >= human_requested_at)),
    constraint call_supervisor_after_request check (coalesce(supervisor_at, supervisor_later_at) is null
        or (supervisor_requested_at is not null and coalesce(supervisor_at, supervisor_later_at) >= supervisor_requested_at)),
    constraint call_supervisor_once check (supervisor_at is null or supervisor_later_at is null),
    constraint call_supervisor_due_where_requested check ((supervisor_due_at is not null) = (supervisor_requested_at is not null))
);
comment on table sla_monitor.call is 'One call that is over, as a telephone system measured it. Nothing of it is personal.';
comment on column sla_monitor.call.external_id is 'Id of the call in its system; never a telephone number.';
comment on column sla_monitor.call.waited_until is 'When it was answered, given up or hung up by the house, as ended_as says.';
comment on column sla_monitor.call.supervisor_due_at is 'Last instant of the business day on which a supervisor was asked for, on the calendar that the department had when the call was recorded.';
-- Everything a period's parameters are counted from stands in the index, so that a year of calls is read without their rows.
create index call_phone_idx on sla_monitor.call (arrived_at) include (department, ended_as, waited_micros) where channel = 'phone';
-- The second look, into the few whole seconds that hold a percentile.
create index call_second_idx on sla_monitor.call ((waited_micros / 1000000), arrived_at) include (department, waited_micros)
    where channel = 'phone' and ended_as = 'answered';
create index call_human_idx on sla_monitor.call (arrived_at) include (department, human_micros)
    where human_requested_at is not null;
create index call_supervisor_idx on sla_monitor.call (arrived_at) include (department, supervisor_at, supervisor_later_at, supervisor_due_at)
    where supervisor_requested_at is not null;

-- How many whole seconds there are: without it the planner takes each call for a group of its own, and reads them with one worker.
create statistics sla_monitor.call_waited_seconds on (waited_micros / 1000000) from sla_monitor.call;
create statistics sla_monitor.call_human_seconds on (human_micros / 1000000) from sla_monitor.call;

create function sla_monitor.call_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'measured calls are append-only' using errcode = 'restrict_violation';
end $$;
create trigger call_append_only before update or delete on sla_monitor.call
    for each row execute function sla_monitor.call_is_append_only();

-- Clocks of one stage of affairs of one type, the last started first: what breaches are foretold from, in one department and in all.
create index clock_like_idx on sla_monitor.clock (subject_type, stage, department, first_origin_at desc)
    where subject not like '%/promises/%';
create index clock_like_anywhere_idx on sla_monitor.clock (subject_type, stage, first_origin_at desc)
    where subject not like '%/promises/%';
