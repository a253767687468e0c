-- What an affair was ever filed as, whatever it is filed as now: nothing is offered for sale in it.
alter table ticketing.ticket
    add column ever_continuity        boolean not null default false,
    add column ever_finance_complaint boolean not null default false;
comment on column ticketing.ticket.ever_continuity is 'It, or what it was a part of or follows up, was filed as about the continuity of a service.';
comment on column ticketing.ticket.ever_finance_complaint is 'The same of a complaint of the finance sector.';
