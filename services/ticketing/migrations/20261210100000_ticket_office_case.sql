-- A case may be brought with several tickets that are answered together: each says so by itself.
create index ticket_office_case_idx on ticketing.ticket (office_case_id) where office_case_id is not null;
