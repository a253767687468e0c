-- What is promised: an answer, a call or a visit in a window of time, a question later on.
alter table ticketing.promise add column kind text not null default 'other';
alter table ticketing.promise add column window_from timestamptz;
alter table ticketing.promise add column attempts integer not null default 0;
alter table ticketing.promise add column attempted_at timestamptz;
alter table ticketing.promise add column despite text;
alter table ticketing.promise add column earliest_at timestamptz;
alter table ticketing.promise add column earliest_percent smallint;
alter table ticketing.promise add column kept_share double precision;
alter table ticketing.promise add column basis bigint;
alter table ticketing.promise add constraint promise_kind_known
    check (kind in ('other', 'resolution', 'callback', 'appointment', 'follow_up')) not valid;
alter table ticketing.promise add constraint promise_window_is_whole
    check ((kind in ('callback', 'appointment')) = (window_from is not null) and (window_from is null or window_from < due_at)) not valid;
alter table ticketing.promise add constraint promise_forecast_is_whole
    check ((earliest_at is null) = (earliest_percent is null) and (earliest_at is null) = (kept_share is null)
           and (earliest_at is null) = (basis is null)) not valid;
alter table ticketing.promise validate constraint promise_kind_known;
alter table ticketing.promise validate constraint promise_window_is_whole;
alter table ticketing.promise validate constraint promise_forecast_is_whole;
create index promise_due_idx on ticketing.promise (due_at, promise_id) where state in ('made', 'at_risk');
comment on column ticketing.promise.window_from is 'Beginning of the window that ends when the promise is due.';
comment on column ticketing.promise.attempts is 'How often the customer was tried within the window.';
comment on column ticketing.promise.despite is 'Why it will be kept though affairs like this one take longer.';
comment on column ticketing.promise.earliest_at is 'By when earliest_percent of affairs like this one were answered, as sla-monitor told it when the promise was made.';

alter table ticketing.ticket_change drop constraint ticket_change_kind_known;
alter table ticketing.ticket_change add constraint ticket_change_kind_known check (kind in ('opened', 'transitioned',
    'assigned', 'message_added', 'claim_point_answered', 'promise_made', 'promise_at_risk', 'promise_settled',
    'office_noted', 'survey_asked', 'survey_answered', 'cure_requested', 'cure_settled', 'affected', 'unaffected',
    'supervisor_called', 'reclassified', 'split', 'merged', 'unmerged', 'linked', 'unlinked', 'step_entered',
    'promise_attempted')) not valid;
alter table ticketing.ticket_change validate constraint ticket_change_kind_known;
