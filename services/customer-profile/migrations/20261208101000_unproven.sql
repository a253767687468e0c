-- What an anonymous form says of somebody is of nobody else, and knows no line that somebody else is known to have.
alter table customer_profile.identifier add column unproven boolean not null default false;
create index identifier_proven_idx on customer_profile.identifier (kind, key) where not unproven;
comment on column customer_profile.identifier.unproven is 'Nobody proved who said so: it links nothing, counts for no crowd, and names no caller whom somebody else''s record names.';
