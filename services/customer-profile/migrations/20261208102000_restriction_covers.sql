-- A restriction that is asked for while records are one customer is of each of them, also once they are apart again.
alter table customer_profile.restriction add column ids uuid[];
update customer_profile.restriction r
set ids = coalesce((select c.ids from customer_profile.customer_alias a join customer_profile.customer c on c.id = a.customer_id
                    where a.id = r.customer_id and c.state = 'active' and r.lifted_at is null), array[r.customer_id]);
alter table customer_profile.restriction
    alter column ids set not null,
    add constraint restriction_covers_whom_it_was_stated_of check (customer_id = any(ids) or cardinality(ids) > 0);
create index restriction_ids_idx on customer_profile.restriction using gin (ids) where lifted_at is null;
comment on column customer_profile.restriction.ids is 'Every customer id of whom it was stated of, at the time; without those that were erased since.';
comment on table customer_profile.restriction is 'Rows keep the customer id they were given, and every id it covers; readers look under every id of the customer.';
