-- Looking for affairs: by what they are, by the words in them, by filters that are kept under a name.

-- Every list is read newest first along one of these, and what else is asked for is looked at row by row.
create index ticket_department_idx on ticketing.ticket (department, created_at desc, ticket_id desc);
create index ticket_live_department_idx on ticketing.ticket (department, created_at desc, ticket_id desc)
    where state in ('acknowledged', 'in_progress', 'pending', 'held');
create index ticket_live_idx on ticketing.ticket (created_at desc, ticket_id desc)
    where state in ('acknowledged', 'in_progress', 'pending', 'held');
create index ticket_owned_idx on ticketing.ticket (owner, created_at desc, ticket_id desc) where owner is not null;
drop index ticketing.ticket_department_state_idx;

-- Words. Written by a worker beside the calls, from what the ledger says has changed.
create table ticketing.ticket_words (
    ticket_id  uuid        not null,
    part       integer     not null,
    created_at timestamptz not null,
    words      tsvector    not null,
    constraint ticket_words_pkey primary key (ticket_id, part)
);
create index ticket_words_idx on ticketing.ticket_words using gin (words);
comment on table ticketing.ticket_words is 'Words of each text of an affair, personal as the texts are: part 0 is the subject with points and answers, another is the message with this sequence number.';
comment on column ticketing.ticket_words.created_at is 'That of the ticket. Its hour, day and month stand among the words, so that the newest affairs with a frequent word are found without looking at all that have it.';

create table ticketing.ticket_words_cursor (
    one      boolean not null default true,
    position bigint  not null,
    constraint ticket_words_cursor_pkey primary key (one),
    constraint ticket_words_cursor_one check (one)
);
comment on table ticketing.ticket_words_cursor is 'How far the ledger has been read for words. Whoever writes or destroys words holds the row''s lock.';
insert into ticketing.ticket_words_cursor (position) values (0);

-- Without what an accent or a diaeresis adds, however it is encoded: people leave them out, and then an ending is not known for one.
create function ticketing.plain(body text) returns text language sql immutable parallel safe
    return translate(lower(normalize(body, NFC)), 'áàâäéèêëíìîïóòôöúùûüñç', 'aaaaeeeeiiiioooouuuunc');

-- Words as they are written and as they are written without accents, each without its ending, marked with the language they were read in. A text of more
-- than a hundred thousand characters is read so far: more would not fit.
create function ticketing.words_of(language text, body text) returns tsvector language sql immutable parallel safe
    return case when language = 'en'
        then array_to_tsvector(array['@en']) || to_tsvector('english', normalize(left(body, 100000), NFC))
            || to_tsvector('english', ticketing.plain(left(body, 100000)))
        else array_to_tsvector(array['@es']) || to_tsvector('spanish', normalize(left(body, 100000), NFC))
            || to_tsvector('spanish', ticketing.plain(left(body, 100000))) end;

-- What texts in one language must say; nothing where it asks for no word that is to be there.
create function ticketing.words_asked_in(mark tsquery, query tsquery) returns tsquery language sql immutable parallel safe
    return case when querytree(query) in ('', 'T') then ''::tsquery else query && mark end;

-- What a text must say to be found by these words: read in the text's own language, so that what must not be there is not there in any reading.
create function ticketing.words_asked(query text) returns tsquery language sql immutable parallel safe
    return ticketing.words_asked_in('@es', websearch_to_tsquery('spanish', ticketing.plain(query)))
        || ticketing.words_asked_in('@en', websearch_to_tsquery('english', ticketing.plain(query)));

-- Hour, day and month of an instant, as no word is spelled.
create function ticketing.times_of(at timestamptz) returns tsvector language sql immutable parallel safe
    return array_to_tsvector(array[
        '@h' || floor(extract(epoch from at) / 3600)::bigint,
        '@d' || floor(extract(epoch from at) / 86400)::bigint,
        '@m' || (extract(year from at at time zone 'UTC') * 12 + extract(month from at at time zone 'UTC') - 1)::bigint
    ]);

create table ticketing.view (
    view_id          text        not null,
    title            text        not null,
    department       text,
    filter           bytea       not null,
    actor_kind       text        not null,
    actor_id         text        not null,
    actor_department text,
    created_at       timestamptz not null,
    version          bigint      not null,
    constraint view_pkey primary key (view_id)
);
comment on table ticketing.view is 'Filters that are kept under a name.';
comment on column ticketing.view.filter is 'ventanilla.ticketing.v1.TicketFilter, encoded; it says neither words nor a customer.';
