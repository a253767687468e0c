-- Customers who were erased: nobody opens an affair for them any more.
create table ticketing.erased_customer (
    customer_id uuid not null,
    constraint erased_customer_pkey primary key (customer_id)
);
comment on table ticketing.erased_customer is 'Every id of every customer whom customer-profile tells to be erased.';
insert into ticketing.erased_customer (customer_id)
select distinct unnest(customers) from ticketing.erasure
on conflict on constraint erased_customer_pkey do nothing;
