-- Which values to believe, in versions: a customer that was written by other settings is written anew, and what screens showed
-- until then can be told.
create table customer_profile.survivorship (
    number         integer     not null,
    written        jsonb       not null,
    adopted_at     timestamptz not null,
    adopted_xid    xid8        not null default pg_current_xact_id(),
    after_customer uuid        not null default '00000000-0000-0000-0000-000000000000',
    done_at        timestamptz,
    constraint survivorship_pkey primary key (number)
);
comment on table customer_profile.survivorship is 'What golden records are put together by: the settings and the edition of the program. The greatest number is in force.';
comment on column customer_profile.survivorship.adopted_xid is 'Customers are written anew once every transaction that began before it is over: later ones ask for the number in force.';
comment on column customer_profile.survivorship.after_customer is 'Customers up to this id are written anew.';
comment on column customer_profile.survivorship.done_at is 'When every customer was written by it; null while they are.';

alter table customer_profile.customer
    add column survivorships integer[] not null default '{}',
    add column survivorships_since timestamptz[] not null default '{}',
    add constraint customer_survivorships_are_whole check (cardinality(survivorships) = cardinality(survivorships_since));
comment on column customer_profile.customer.survivorships is 'By which survivorship its row was written, one after the other; before the first of them, and without any, by number 1.';
comment on column customer_profile.customer.survivorships_since is 'Since when, of each.';
