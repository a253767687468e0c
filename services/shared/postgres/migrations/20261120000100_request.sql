-- One row per mutating call: the same request_id is answered the same way, once.
-- House table: it stands in every service's schema (search_path points at it).
create table request (
    request_id  uuid        not null,
    method      text        not null,
    body_hash   bytea       not null,
    answer      bytea,
    claimed_at  timestamptz not null,
    keep_forever boolean    not null default false,
    constraint request_pkey primary key (request_id),
    constraint request_body_hash_is_sha256 check (octet_length(body_hash) = 32)
);
create index request_claimed_at_idx on request (claimed_at) where not keep_forever;
comment on table request is 'Claimed in the transaction of the effect: a row exists exactly when the effect does.';
comment on column request.body_hash is 'SHA-256 over method and body; another hash under the same id is refused.';
comment on column request.answer is 'The encoded answer, given again to a retry.';
comment on column request.keep_forever is 'Filing a complaint and issuing a decision are never forgotten; other rows may go after 24 hours.';
