-- Who never completed an affair is not told that every point was answered. A house that has written versions of its own of the standard map keeps them.
with old as (
    select v.steps from ticketing.process p join ticketing.process_version v on v.process_id = p.process_id and v.version = 1
    where p.process_id = 'standard' and p.version = 1
), step as (
    select e.place::numeric as place,
           case when e.step -> 'next' ? 'answered' then jsonb_set(e.step, '{next}', (e.step -> 'next') || '["uncured"]'::jsonb) else e.step end as step
    from old cross join lateral jsonb_array_elements(old.steps) with ordinality as e (step, place)
    union all
    -- Before the step of what is answered, which names no reason.
    select e.place - 0.5, '{"id": "uncured", "internal_title": {"es": "No completado, puede objetarse", "en": "Never completed, may be objected to", "ca": "No completat, s''hi pot oposar"}, "public_title": {"es": "Sin completar", "en": "Not completed", "ca": "Sense completar"}, "public_text": {"es": "No recibimos lo que le pedimos, y su asunto se ha dado por terminado sin responder a sus puntos.", "en": "We did not receive what we asked you for, and your affair has ended without an answer to its points.", "ca": "No hem rebut el que li vam demanar, i el seu assumpte s''ha donat per acabat sense respondre als seus punts."}, "public_next": {"es": "Puede oponerse a ello, enviarnos lo que faltaba o volver a presentarlo.", "en": "You can object to it, send what was missing, or present it again.", "ca": "Pot oposar-s''hi, enviar-nos el que faltava o tornar-lo a presentar."}, "situations": [{"state": "resolved", "reason": "cure_lapsed"}], "next": ["closed", "work"], "may_begin": false, "may_end": true}'::jsonb
    from old cross join lateral jsonb_array_elements(old.steps) with ordinality as e (step, place)
    where e.step ->> 'id' = 'answered'
)
insert into ticketing.process_version (process_id, version, effective_at, steps, actor_kind, actor_id, created_at)
select 'standard', 2, '2026-11-29 00:00:00+00', jsonb_agg(step order by place), 'system', 'ticketing', '2026-12-07 13:00:00+00'
from step having count(*) > 0;
update ticketing.process p set version = 2
where p.process_id = 'standard' and p.version = 1
  and exists (select from ticketing.process_version v where v.process_id = 'standard' and v.version = 2);
