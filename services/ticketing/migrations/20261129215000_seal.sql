-- The seal of a receipt, made when it is given: what is signed cannot be made up later by who can write here.
alter table ticketing.receipt add column key_id text;
alter table ticketing.receipt add column signature bytea;
alter table ticketing.receipt add constraint receipt_seal_is_whole
    check ((key_id is null) = (signature is null) and (signature is null or octet_length(signature) = 64)) not valid;
alter table ticketing.receipt validate constraint receipt_seal_is_whole;
comment on column ticketing.receipt.signature is 'Ed25519 over the statement of the seal. Absent of a receipt that was given before there were seals: it is sealed when it is asked for.';
