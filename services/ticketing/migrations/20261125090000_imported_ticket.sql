-- Which affair of another system a ticket was brought from.
create table ticketing.imported_ticket (
    source_system text        not null,
    external_id   text        not null,
    ticket_id     uuid        not null,
    content_hash  bytea       not null,
    imported_at   timestamptz not null,
    constraint imported_ticket_pkey primary key (source_system, external_id),
    constraint imported_ticket_content_hash_is_sha256 check (octet_length(content_hash) = 32)
);
comment on table ticketing.imported_ticket is 'An affair of another system is brought once, whatever call brings it.';
comment on column ticketing.imported_ticket.content_hash is 'SHA-256 over the history as it was sent; another hash under the same key is told to the caller and changes nothing.';
