-- Where two decisions that were told at once both opened the same again, the first of them is the one that did; what the other asked of the firm is owed by
-- itself. Before the index that lets no second in.
alter table ombudsman.obligation disable trigger obligation_guarded;
update ombudsman.obligation o set reopens_case = null, reopens_number = null
 where o.reopens_case is not null and o.lapsed_at is null
   and exists (select from ombudsman.obligation first
                where (first.reopens_case, first.reopens_number) = (o.reopens_case, o.reopens_number) and first.lapsed_at is null
                  and (first.since, first.case_id, first.number) < (o.since, o.case_id, o.number));
alter table ombudsman.obligation enable trigger obligation_guarded;
