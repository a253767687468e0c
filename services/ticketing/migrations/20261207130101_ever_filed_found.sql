-- Of affairs that are there already it is known what they are filed as, and not what they were.
update ticketing.ticket t set ever_continuity = true where t.topic = 'continuity';
update ticketing.ticket t set ever_finance_complaint = true
where t.sector in ('finance', 'banking', 'insurance', 'investment', 'payment-services')
  and (t.ticket_type in ('queja', 'reclamacion') or exists (select from ticketing.claim_point p where p.ticket_id = t.ticket_id));
