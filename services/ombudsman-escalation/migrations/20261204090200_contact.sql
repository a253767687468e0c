-- Contacts by a channel that the regime does not admit: no case came of them, and they are proven all the same.
create table ombudsman.contact (
    contact_id  uuid        not null,
    ticket_id   uuid        not null,
    customer_id uuid        not null,
    regime      text        not null,
    channel     text        not null,
    article     text        not null,
    taken_kind  text        not null,
    taken_by    text        not null,
    received_at timestamptz not null,
    constraint contact_pkey primary key (contact_id)
);
create index contact_ticket_idx on ombudsman.contact (ticket_id, received_at);
comment on table ombudsman.contact is 'That somebody complained by a channel the law does not admit, who took it, and when. The form goes to the customer by the ledger.';
comment on column ombudsman.contact.contact_id is 'The request it came by: one that is sent twice is one contact.';
create trigger contact_written_once before update or delete on ombudsman.contact
    for each row execute function ombudsman.refuse_change('contact_written_once');
create trigger contact_kept before truncate on ombudsman.contact
    for each statement execute function ombudsman.refuse_change('contact_written_once');
