-- The right to be forgotten: what is to be destroyed here, and how stored answers are found for it.
alter table request add column about uuid;
create index request_about_idx on request (about) where about is not null;
comment on column request.about is 'Whose, or which affair''s, words the answer may hold; with it set, an answer that is null was destroyed.';

create table request_about (
    about      uuid not null,
    request_id uuid not null,
    constraint request_about_pkey primary key (about, request_id),
    constraint request_about_request_fkey foreign key (request_id) references request (request_id) on delete cascade
);
create index request_about_request_idx on request_about (request_id);
comment on table request_about is 'Whose words an answer may hold beside those of request.about.';

create table erasure (
    erasure_id   uuid        not null,
    customers    uuid[]      not null,
    asked_at     timestamptz not null,
    try_at       timestamptz not null,
    erased_at    timestamptz,
    record_count bigint      not null default 0,
    constraint erasure_pkey primary key (erasure_id)
);
create index erasure_due_idx on erasure (try_at) where erased_at is null;
comment on table erasure is 'Customers whose data this service destroys, or has destroyed. Kept: what comes back with a restored table is destroyed again.';
comment on column erasure.customers is 'Every customer id of the person.';
comment on column erasure.try_at is 'When to try next: an affair that was opened meanwhile has to end first.';
