-- A customer is answered for the time being.
alter table ticketing.ticket_change drop constraint ticket_change_kind_known;
alter table ticketing.ticket_change add constraint ticket_change_kind_known check (kind in ('opened', 'transitioned',
    'assigned', 'message_added', 'claim_point_answered', 'promise_made', 'promise_at_risk', 'promise_settled',
    'office_noted', 'survey_asked', 'survey_answered', 'cure_requested', 'cure_settled', 'affected', 'unaffected',
    'supervisor_called', 'reclassified', 'split', 'merged', 'unmerged', 'linked', 'unlinked', 'step_entered',
    'promise_attempted', 'root_cause_stated', 'redress_proposed', 'redress_decided', 'redress_given', 'article_cited',
    'notice_written', 'notice_reported', 'characteristics_stated', 'holding_reply_sent')) not valid;
