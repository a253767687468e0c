-- Work goes on though the customer was asked for something and has said nothing.
alter table ticketing.cure_request drop constraint cure_request_state_known;
alter table ticketing.cure_request add constraint cure_request_state_known
    check (state in ('asked', 'answered', 'withdrawn', 'lapsed')) not valid;
alter table ticketing.cure_request validate constraint cure_request_state_known;
