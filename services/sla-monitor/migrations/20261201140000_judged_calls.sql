-- What the house's policies about calls make of each call that is recorded: written once, never changed.
create table sla_monitor.call_verdict (
    source_system    text        not null,
    external_id      text        not null,
    metric           text        not null,
    policy_id        text        not null,
    policy_version   integer     not null,
    calendar         text        not null,
    calendar_version text        not null,
    department       text        not null,
    arrived_at       timestamptz not null,
    origin_at        timestamptz not null,
    due_at           timestamptz not null,
    abandoned        text        not null,
    verdict          text        not null,
    took_micros      bigint,
    constraint call_verdict_once_per_metric primary key (source_system, external_id, metric),
    constraint call_verdict_of_a_call foreign key (source_system, external_id)
        references sla_monitor.call (source_system, external_id),
    constraint call_verdict_metric_known check (metric in ('speed_of_answer', 'human_on_request')),
    constraint call_verdict_reading_known check (abandoned in ('always', 'after_the_term')),
    constraint call_verdict_known check (verdict in ('kept', 'missed', 'left_out')),
    constraint call_verdict_kept_where_it_came check (verdict <> 'kept' or took_micros is not null)
);
comment on table sla_monitor.call_verdict is 'How a call stands to the policy of the house that held for it when it arrived, one a metric. Append-only: a policy that is written later judges nothing again.';
comment on column sla_monitor.call_verdict.department is 'As the call says, like arrived_at: a period''s attainment is read from the index without its rows.';
comment on column sla_monitor.call_verdict.took_micros is 'From origin_at until what was waited for came, in time or late; null where it never did.';
create index call_verdict_arrived_idx on sla_monitor.call_verdict (arrived_at)
    include (metric, policy_id, policy_version, department, verdict, took_micros);
create trigger call_verdict_append_only before update or delete on sla_monitor.call_verdict
    for each row execute function sla_monitor.call_is_append_only();
