-- Whether anything hangs on tickets that are opened: asked for every run of openings, and nearly always in vain.
create index office_case_ticket_idx on ombudsman.office_case (ticket_id);
