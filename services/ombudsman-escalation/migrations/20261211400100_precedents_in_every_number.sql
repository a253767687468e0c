-- Decided points are similar to a claim in every number: what ends in -ación or -ución has another stem in the plural than without its accent, and many a plural another
-- than its singular (interés, línea, imagen, luz).

-- Each word in the singular and without what an accent adds. An ending -acion or -ucion is always that of -ación or -ución.
create function ombudsman.singular(body text) returns text language sql immutable parallel safe
    return regexp_replace(regexp_replace(regexp_replace(regexp_replace(
        translate(lower(normalize(body, NFC)), 'áàâäãéèêëíìîïóòôöõúùûüç', 'aaaaaeeeeiiiiooooouuuuc'),
        '([a-zñ]{2})ces\M', '\1z', 'g'),
        '([a-zñ]{2}[aiou]|[a-zñ][aiou]e)s\M', '\1', 'g'),
        '([a-zñ]{2}[b-df-hj-np-tv-zñ])es\M', '\1', 'g'),
        '([au])cion\M', '\1ción', 'g');
comment on function ombudsman.singular(text) is 'For Spanish alone: of no other language is a plural known.';

create or replace function ombudsman.words_of(language text, body text) returns text[] language sql immutable parallel safe as $$
    select coalesce(array_agg(w order by w collate "C"), '{}') from unnest(tsvector_to_array(case when language = 'en'
        then to_tsvector('english', translate(lower(normalize(left(body, 100000), NFC)), 'áàâäãéèêëíìîïóòôöõúùûüç', 'aaaaaeeeeiiiiooooouuuuc'))
        else to_tsvector('spanish', ombudsman.singular(left(body, 100000)))
        end)) w where w ~ '^[a-zñ]{2,40}$'
$$;

-- What was decided before is read anew, and its words are counted anew: half of it read so and half otherwise would be similar to nothing. Whoever decides waits for it.
alter table ombudsman.precedent disable trigger precedent_immutable;
update ombudsman.precedent k
   set words = array[k.words[1]] || ombudsman.words_of(d.language, q.claim || ' ' || p.finding || ' ' || p.reason)
  from ombudsman.decision d, ombudsman.decision_point p, ombudsman.claim_point q
 where d.case_id = k.case_id and p.case_id = k.case_id and p.point_id = k.point_id and q.case_id = k.case_id and q.point_id = k.point_id;
alter table ombudsman.precedent enable trigger precedent_immutable;
delete from ombudsman.precedent_word;
insert into ombudsman.precedent_word (mark, word, points)
select k.words[1], w, count(*) from ombudsman.precedent k, unnest(k.words) w group by 1, 2;
