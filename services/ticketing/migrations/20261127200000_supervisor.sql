-- Who leads a department, and which customers wait for somebody who does (Ley 10/2025 art. 8.3).
alter table ticketing.agent add column leads boolean not null default false;
comment on column ticketing.agent.leads is 'Takes over what customers want to bring before a superior.';
create index agent_leads_idx on ticketing.agent (department, agent_id) where leads;

alter table ticketing.ticket add column supervisor_called_at timestamptz;
create index ticket_called_idx on ticketing.ticket (department, supervisor_called_at, ticket_id)
    where supervisor_called_at is not null;
comment on column ticketing.ticket.supervisor_called_at is 'Since when its customer waits for a superior; null once one has taken over, or it was answered.';

alter table ticketing.ticket_change drop constraint ticket_change_kind_known;
alter table ticketing.ticket_change add constraint ticket_change_kind_known check (kind in ('opened', 'transitioned',
    'assigned', 'message_added', 'claim_point_answered', 'promise_made', 'promise_at_risk', 'promise_settled',
    'office_noted', 'survey_asked', 'survey_answered', 'cure_requested', 'cure_settled', 'affected', 'unaffected',
    'supervisor_called')) not valid;
alter table ticketing.ticket_change validate constraint ticket_change_kind_known;
