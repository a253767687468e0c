-- Words are found in every number and with or without their accents, and no words in a row are found where two readings of a text would meet.

-- Each word in the singular and without what an accent adds, and only then without its ending: what ends in -ación or -ución loses more in the plural than it does
-- without its accent, and many a plural other than its singular (interés, línea, imagen, luz, día, año). An ending -acion or -ucion is always that of -ación or -ución.
create function ticketing.singular(body text) returns text language sql immutable parallel safe
    return regexp_replace(regexp_replace(regexp_replace(regexp_replace(ticketing.plain(body),
        '([a-z]{2})ces\M', '\1z', 'g'),
        '([a-z]{2}[aiou]|[a-z][aiou]e)s\M', '\1', 'g'),
        '([a-z]{2}[b-df-hj-np-tv-z])es\M', '\1', 'g'),
        '([au])cion\M', '\1ción', 'g');
comment on function ticketing.singular(text) is 'For Spanish alone: of no other language is a plural known.';

-- Readings of one text, each word of each where it stands in it.
create function ticketing.overlaid(readings tsvector[]) returns tsvector language sql immutable parallel safe
    return coalesce((select string_agg('''' || replace(replace(o.lexeme, '\', '\\'), '''', '''''') || ''':' || o.positions, ' ')
        from (select w.lexeme, string_agg(distinct p::text, ',') as positions
              from unnest(readings) r cross join lateral unnest(r) w cross join lateral unnest(w.positions) p group by w.lexeme) o), '')::tsvector;

-- Words as they are written, without accents, and in the singular, each without its ending, marked with the language they were read in. A text of more
-- than a hundred thousand characters is read so far: more would not fit.
create or replace function ticketing.words_of(language text, body text) returns tsvector language sql immutable parallel safe
    return case when language = 'en'
        then array_to_tsvector(array['@en']) || ticketing.overlaid(array[
            to_tsvector('english', normalize(left(body, 100000), NFC)), to_tsvector('english', ticketing.plain(left(body, 100000)))])
        else array_to_tsvector(array['@es']) || ticketing.overlaid(array[
            to_tsvector('spanish', normalize(left(body, 100000), NFC)), to_tsvector('spanish', ticketing.plain(left(body, 100000))),
            to_tsvector('spanish', ticketing.singular(left(body, 100000)))]) end;

-- What a text must say for one word, or for words in a row, to be in it: any reading of them, but one that leaves out a word which others keep. Nothing where one
-- of the readings is of words that every text has.
create function ticketing.unit_asked(language text, unit text) returns tsquery language sql immutable parallel safe
    return (select case when bool_and(numnode(q.one) > 0) then
                       (string_agg('(' || q.one::text || ')', ' | ') filter (where numnode(q.one) = q.most))::tsquery end
            from (select o.one, max(numnode(o.one)) over () as most
                  from (select distinct websearch_to_tsquery(case language when 'en' then 'english' else 'spanish' end::regconfig, r) as one
                        from unnest(case language when 'en' then array[normalize(unit, NFC), ticketing.plain(unit)]
                                        else array[normalize(unit, NFC), ticketing.plain(unit), ticketing.singular(unit)] end) r) o) q);

-- The same of a whole query, as websearch_to_tsquery takes one: `"words in a row"`, `-word`, `or`.
create function ticketing.asked_in(language text, query text) returns tsquery language plpgsql immutable parallel safe as $$
declare
    unit text[];
    one tsquery;
    every tsquery;
    any_of tsquery;
begin
    for unit in select regexp_matches(query, '(-?)("[^"]*"?|[^\s"]+)', 'g') loop
        if unit[1] = '' and lower(unit[2]) = 'or' then
            any_of := coalesce(any_of || every, any_of, every);
            every := null;
        else
            one := ticketing.unit_asked(language, unit[2]);
            one := case when unit[1] = '-' then !!one else one end;
            every := coalesce(every && one, every, one);
        end if;
    end loop;
    return coalesce(any_of || every, any_of, every);
end;
$$;

-- What a text must say to be found by these words: read in the text's own language, so that what must not be there is not there in any reading.
create or replace function ticketing.words_asked(query text) returns tsquery language sql immutable parallel safe
    return ticketing.words_asked_in('@es', coalesce(ticketing.asked_in('es', query), ''::tsquery))
        || ticketing.words_asked_in('@en', coalesce(ticketing.asked_in('en', query), ''::tsquery));

create table ticketing.ticket_words_anew (
    one       boolean not null default true,
    ticket_id uuid    not null,
    part      integer not null,
    done      boolean not null,
    constraint ticket_words_anew_pkey primary key (one),
    constraint ticket_words_anew_one check (one)
);
comment on table ticketing.ticket_words_anew is 'One row: up to which text, in the order of ids, words that an earlier version read were read anew, by a worker beside the calls.';
insert into ticketing.ticket_words_anew (ticket_id, part, done)
values ('00000000-0000-0000-0000-000000000000', 0, not exists (select from ticketing.ticket_words));
