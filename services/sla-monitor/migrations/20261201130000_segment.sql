-- Boards by segment of customers and by cause, and fairness by segment and tenure: what customer-profile and ticketing know of an affair.

alter table sla_monitor.affair
    add column segment text    not null default '',
    add column tenure  text    not null default '',
    add column cause   text    not null default '',
    -- Affairs from before this column are not asked about: what their customers spend now is not what they spent then.
    add column asked   boolean not null default true;
alter table sla_monitor.affair alter column asked set default false;
alter table sla_monitor.affair add constraint affair_segment_known
    check (segment in ('', 'none', 'low', 'middle', 'high')) not valid;
alter table sla_monitor.affair add constraint affair_tenure_known
    check (tenure in ('', 'first_90_days', 'later')) not valid;
create index affair_not_asked_idx on sla_monitor.affair (affair_id) include (customer_id, first_received_at)
    where not asked and customer_id is not null;
comment on column sla_monitor.affair.segment is 'What its customer had spent within a year when customer-profile was asked; empty where that is not known.';
comment on column sla_monitor.affair.tenure is 'Whether its customer was in the first ninety days with the house when it was received; empty where that is not known.';
comment on column sla_monitor.affair.cause is 'Slug of the cause that was stated last; empty where none was.';
comment on column sla_monitor.affair.asked is 'Customer-profile was asked about its customer, or is not to be.';

-- Sums are made anew with the new lines (board_state.made_as), and what is remembered of them is written again.
alter table sla_monitor.board_label
    add column segment text not null default '',
    add column cause   text not null default '';
alter table sla_monitor.board_label drop constraint board_label_once;
alter table sla_monitor.board_label add constraint board_label_once
    unique (rule, department, subject_type, stage, kind, channel, outcome, team, manager, segment, cause);

alter table sla_monitor.board_clock
    add column department text collate "C" not null default '',
    add column team       text collate "C" not null default '',
    add column manager    text collate "C" not null default '',
    add column cause      text collate "C" not null default '';
comment on column sla_monitor.board_clock.department is 'As its label says, like team, manager and cause: there may be hundreds of each, and the percentiles of one are found by its key.';
create index board_clock_department_idx on sla_monitor.board_clock (department, settle_micros) include (first_origin_at, label)
    where settle_micros is not null;
create index board_clock_team_idx on sla_monitor.board_clock (team, settle_micros) include (first_origin_at, label)
    where settle_micros is not null and team <> '';
create index board_clock_manager_idx on sla_monitor.board_clock (manager, settle_micros) include (first_origin_at, label)
    where settle_micros is not null and manager <> '';
create index board_clock_cause_idx on sla_monitor.board_clock (cause, settle_micros) include (first_origin_at, label)
    where settle_micros is not null and cause <> '';
