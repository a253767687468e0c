-- Ids that counted as one person may turn out to be two: what was merged for their sake comes apart then.
create table ticketing.customers_apart (
    is_one boolean not null default true,
    heard bigint not null,
    looked bigint not null,
    constraint customers_apart_pkey primary key (is_one),
    constraint customers_apart_is_one check (is_one),
    constraint customers_apart_in_order check (looked <= heard)
);
comment on table ticketing.customers_apart is 'One row: how often it was heard that customers are no longer one, and up to which of those times the merges were looked at. It names nobody.';
-- What came apart before this was heard by nobody: it is looked at once.
insert into ticketing.customers_apart (heard, looked) values (1, 0);
