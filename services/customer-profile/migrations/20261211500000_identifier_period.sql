-- The periods that records state of identifiers: a ring asks of each customer for the one that was observed last. Few records state one.
create index identifier_period_idx on customer_profile.identifier (kind, key, customer_id, observed_at desc)
    where valid_from is not null or valid_until is not null;
