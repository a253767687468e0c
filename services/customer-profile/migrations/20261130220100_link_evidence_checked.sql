-- Reads all links, beside everybody: in a transaction of its own.
alter table customer_profile.identity_link validate constraint identity_link_grade_known;
