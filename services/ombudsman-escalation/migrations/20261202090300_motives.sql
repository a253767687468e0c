-- Every motive a case has had: no change of motive takes a case away from the precedents it had to answer.
create table ombudsman.case_motive (
    case_id uuid not null,
    motive  text not null,
    constraint case_motive_pkey primary key (case_id, motive)
);
comment on table ombudsman.case_motive is 'Motives that a case has or had. Kept by a trigger; none goes out.';
insert into ombudsman.case_motive (case_id, motive) select case_id, motive from ombudsman.office_case where motive is not null;

create function ombudsman.note_motive() returns trigger language plpgsql as $$
begin
    insert into ombudsman.case_motive (case_id, motive) values (new.case_id, new.motive)
    on conflict on constraint case_motive_pkey do nothing;
    return null;
end;
$$;
create trigger office_case_motive_noted after insert or update of motive on ombudsman.office_case
    for each row when (new.motive is not null) execute function ombudsman.note_motive();
create trigger case_motive_kept before update or delete on ombudsman.case_motive
    for each row execute function ombudsman.refuse_change('case_motive_kept');
