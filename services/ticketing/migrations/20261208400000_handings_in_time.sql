-- Which handings of a notice left the house by the instant the promise was due, and by which the customer has it: what was taken again after that instant told nothing in
-- time. Of what ended before this was kept it stays judged as it was, by the first handing.
alter table ticketing.notice add column handings_in_time integer not null default 0;
alter table ticketing.notice add column delivered_handing integer;
comment on column ticketing.notice.handings_in_time is 'How many of the handings were by the instant the promise was due.';
comment on column ticketing.notice.delivered_handing is 'The handing by which the customer has it; null where they have it not, or an older process wrote it down: by the last then.';
update ticketing.notice set handings_in_time = case when handed_at <= due_at then handings else 0 end,
       delivered_handing = case when state = 'delivered' then handings end
 where handings > 0;
alter table ticketing.notice add constraint notice_delivered_by_a_handing check (delivered_handing between 1 and handings);
