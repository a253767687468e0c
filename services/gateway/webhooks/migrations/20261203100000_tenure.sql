-- Whose an affair was and from when on, in place of whose it is.
create table webhooks.tenure (
    affair      text        not null,
    position    bigint      not null,
    occurred_at timestamptz not null,
    department  text        not null,
    constraint tenure_pkey primary key (affair, position)
);
comment on table webhooks.tenure is 'Which department had an affair from where on, as ticketing''s ledger tells it: an event that names no department is of the one that had its affair when it happened.';
comment on column webhooks.tenure.position is 'Position of the entry in ticketing''s ledger; 0 for what was known before tenures were kept.';

insert into webhooks.tenure (affair, position, occurred_at, department)
select affair, 0, '0001-01-01T00:00:00Z', department from webhooks.affair where department is not null;

delete from webhooks.affair where ticket is null;
alter table webhooks.affair drop column department;
alter table webhooks.affair alter column ticket set not null;
comment on table webhooks.affair is 'Which ticket a case of the office is about.';

create index event_unspread_affair_idx on webhooks.event (affair, number) where spread_at is null;
comment on column webhooks.event.department is 'Whose it is: the department it names, or that had its affair when it happened; null where it belongs to none, and until it is spread where it names none.';
