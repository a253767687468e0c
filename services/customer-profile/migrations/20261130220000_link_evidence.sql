-- What comparing two records said is kept with the link that came of it, and a link that says "two people" is graded so.
alter table customer_profile.identity_link
    add column judgement bytea,
    drop constraint identity_link_grade_known,
    add constraint identity_link_grade_known check (grade in ('certain', 'certainly_not', 'probable', 'possible')) not valid;
update customer_profile.identity_link set grade = 'certainly_not' where link_type = 'not_same_as';
comment on column customer_profile.identity_link.judgement is 'Encoded ventanilla.customer.v1.CustomerMatch: findings and doubt of comparing the two, where they were compared. Cleared when one of them is erased.';
comment on column customer_profile.identity_link.grade is 'How sure the link is of what it says: certain of same_as, certainly_not of not_same_as. Those of before 2026-12 that a binary of before writes are certain of both.';
