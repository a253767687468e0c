-- What sharing a key weighs: of identifiers one is enough to compare two records, of everything else two. Keys are made anew.
alter table customer_profile.match_key add column weight smallint not null default 1;
comment on column customer_profile.match_key.weight is 'Pairs that share keys of less than two together are not compared.';
