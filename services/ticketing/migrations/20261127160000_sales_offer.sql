-- What was offered for sale in an affair.
alter table ticketing.message add column sales_offer boolean not null default false;
alter table ticketing.message add constraint message_offer_goes_out
    check (not sales_offer or (visibility = 'public' and direction = 'outbound')) not valid;
alter table ticketing.message validate constraint message_offer_goes_out;
comment on column ticketing.message.sales_offer is 'The message offers the customer something for sale.';
