-- Decided points by their words, so that similar ones are found, and what a decision made of those it considered.

create function ombudsman.words_of(language text, body text) returns text[] language sql immutable parallel safe as $$
    select coalesce(array_agg(w order by w collate "C"), '{}') from unnest(tsvector_to_array(case when language = 'en'
        then to_tsvector('english', translate(lower(normalize(left(body, 100000), NFC)), 'áàâäãéèêëíìîïóòôöõúùûüç', 'aaaaaeeeeiiiiooooouuuuc'))
        else to_tsvector('spanish', translate(lower(normalize(left(body, 100000), NFC)), 'áàâäãéèêëíìîïóòôöõúùûüç', 'aaaaaeeeeiiiiooooouuuuc'))
        end)) w where w ~ '^[a-zñ]{2,40}$'
$$;
comment on function ombudsman.words_of(text, text) is 'Stems of letters alone: nothing with a digit or a sign, so no account, amount, date or address.';

create table ombudsman.precedent (
    case_id   uuid        not null,
    point_id  text        not null,
    outcome   text        not null,
    issued_at timestamptz not null,
    words     text[]      not null,
    constraint precedent_pkey primary key (case_id, point_id),
    constraint precedent_outcome_known check (outcome in ('upheld', 'partly_upheld', 'not_upheld')),
    constraint precedent_is_marked check (words[1] ~ '^@[a-z.]+[|][a-z0-9-]*$')
);
create index precedent_words_idx on ombudsman.precedent using gin (words);
comment on table ombudsman.precedent is 'Decided claim points by the stems of claim, finding and reason. Goes with the words of an erased case.';
comment on column ombudsman.precedent.words is 'First the mark of regime and motive, @es.finance|billing, which no stem looks like; then the stems.';

create table ombudsman.precedent_word (
    mark   text   not null,
    word   text   not null,
    points bigint not null,
    constraint precedent_word_pkey primary key (mark, word),
    constraint precedent_word_counts check (points >= 0)
);
comment on table ombudsman.precedent_word is 'In how many decided points of a mark each stem is; the mark itself counts them all. Kept by the trigger of precedent.';

create function ombudsman.count_precedent_words() returns trigger language plpgsql as $$
begin
    -- The mark sorts first: decisions of one mark wait for each other there, and so never in a circle.
    if tg_op = 'INSERT' then
        insert into ombudsman.precedent_word as known (mark, word, points)
        select new.words[1], w, 1 from unnest(new.words) w order by w collate "C"
        on conflict on constraint precedent_word_pkey do update set points = known.points + 1;
    else
        perform from ombudsman.precedent_word where mark = old.words[1] and word = old.words[1] for update;
        update ombudsman.precedent_word set points = points - 1 where mark = old.words[1] and word = any (old.words);
        delete from ombudsman.precedent_word where mark = old.words[1] and word = any (old.words) and points = 0;
    end if;
    return null;
end;
$$;
create trigger precedent_words_counted after insert or delete on ombudsman.precedent
    for each row execute function ombudsman.count_precedent_words();

create function ombudsman.keep_precedent() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' and exists (select from ombudsman.erased_case where case_id = old.case_id) then
        return old;
    end if;
    raise exception using
        errcode = 'check_violation',
        constraint = 'precedent_immutable',
        message = 'a decided point stays what it was';
end;
$$;
create trigger precedent_immutable before update or delete on ombudsman.precedent
    for each row execute function ombudsman.keep_precedent();
create trigger precedent_kept before truncate on ombudsman.precedent
    for each statement execute function ombudsman.refuse_change('precedent_immutable');

insert into ombudsman.precedent (case_id, point_id, outcome, issued_at, words)
select d.case_id, p.point_id, p.outcome, d.issued_at,
       array['@' || c.regime || '|' || coalesce(c.motive, '')]
           || ombudsman.words_of(d.language, q.claim || ' ' || p.finding || ' ' || p.reason)
  from ombudsman.decision d
  join ombudsman.office_case c on c.case_id = d.case_id
  join ombudsman.decision_point p on p.case_id = d.case_id
  join ombudsman.claim_point q on q.case_id = p.case_id and q.point_id = p.point_id
 where not exists (select from ombudsman.erased_case e where e.case_id = d.case_id)
 order by d.case_id, p.point_id;

create table ombudsman.decision_precedent (
    case_id          uuid             not null,
    place            integer          not null,
    point_id         text             not null,
    earlier_case     uuid             not null,
    earlier_point    text             not null,
    outcome          text             not null,
    similarity       double precision not null,
    contrary         boolean          not null,
    departure_reason text,
    constraint decision_precedent_pkey primary key (case_id, place),
    constraint decision_precedent_once unique (case_id, point_id, earlier_case, earlier_point),
    constraint decision_precedent_is_earlier check (earlier_case <> case_id),
    constraint decision_precedent_outcome_known check (outcome in ('upheld', 'partly_upheld', 'not_upheld')),
    constraint decision_precedent_similarity_is_a_share check (similarity between 0 and 1),
    constraint decision_precedent_departure_has_reasons check (not contrary or btrim(coalesce(departure_reason, '')) <> '')
);
create index decision_precedent_earlier_idx on ombudsman.decision_precedent (earlier_case);
comment on table ombudsman.decision_precedent is 'Earlier decided points that a decision considered, and why it departs from those that went another way.';
comment on column ombudsman.decision_precedent.contrary is 'Similar enough that law asks for reasons, and it went another way.';

create function ombudsman.guard_decision_precedent() returns trigger language plpgsql as $$
begin
    perform from ombudsman.office_case where case_id = new.case_id and state = 'drafted' for update;
    if not found or exists (select from ombudsman.decision where case_id = new.case_id) then
        raise exception using
            errcode = 'check_violation',
            constraint = 'decision_precedent_before_the_decision',
            message = 'what was considered is written before the decision is issued';
    end if;
    if not exists (select from ombudsman.decision_point where case_id = new.earlier_case and point_id = new.earlier_point)
       or not exists (select from ombudsman.decision where case_id = new.earlier_case)
       or not exists (select from ombudsman.decision_point where case_id = new.case_id and point_id = new.point_id) then
        raise exception using
            errcode = 'check_violation',
            constraint = 'decision_precedent_was_decided',
            message = 'only a decided point is a precedent, and of a point of this case alone';
    end if;
    return new;
end;
$$;
create trigger decision_precedent_before_the_decision before insert on ombudsman.decision_precedent
    for each row execute function ombudsman.guard_decision_precedent();

create function ombudsman.keep_decision_precedent() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and exists (select from ombudsman.erased_case where case_id = old.case_id)
       and (new.case_id, new.place, new.point_id, new.earlier_case, new.earlier_point, new.outcome, new.similarity, new.contrary)
           = (old.case_id, old.place, old.point_id, old.earlier_case, old.earlier_point, old.outcome, old.similarity, old.contrary)
       and new.departure_reason = '[erased]' then
        return new;
    end if;
    raise exception using
        errcode = 'check_violation',
        constraint = 'decision_immutable',
        message = tg_table_name || ' is written once';
end;
$$;
create trigger decision_precedent_immutable before update or delete on ombudsman.decision_precedent
    for each row execute function ombudsman.keep_decision_precedent();
create trigger decision_precedent_kept before truncate on ombudsman.decision_precedent
    for each statement execute function ombudsman.refuse_change('decision_immutable');
