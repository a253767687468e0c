-- What contacts cost the customer.
alter table customer_profile.interaction
    add column waited_seconds  integer not null default 0,
    add column handled_seconds integer not null default 0,
    add column transfer_count  integer not null default 0,
    add constraint interaction_effort check (waited_seconds >= 0 and handled_seconds >= 0 and transfer_count >= 0);
comment on column customer_profile.interaction.waited_seconds is 'How long the customer waited for somebody; 0 when nobody says.';
