-- Months of the ledger that stand in signed files outside the database, and what of them is still asked of it (services/shared/ledger/src/archive.rs).
alter table ledger_month add column archived_at timestamptz;
comment on column ledger_month.archived_at is 'Since when its entries stand in the archive and no more in the ledger.';

create table ledger_kept (
    position         bigint      not null,
    aggregate        text        not null,
    type             text        not null,
    occurred_at      timestamptz not null,
    recorded_at      timestamptz not null,
    actor_kind       text        not null,
    actor_id         text        not null,
    actor_department text,
    traceparent      text        not null,
    committed        boolean     not null,
    payload          bytea,
    constraint ledger_kept_pkey primary key (position)
);
create index ledger_kept_aggregate_idx on ledger_kept (aggregate, position);
create trigger ledger_kept_append_only before update or delete on ledger_kept
    for each row execute function ledger_is_append_only();
create trigger ledger_kept_not_truncated before truncate on ledger_kept
    for each statement execute function ledger_is_append_only();
comment on table ledger_kept is 'Entries of archived months, as far as the service goes on asking for them; the whole of them stands in the archive.';
comment on column ledger_kept.committed is 'Whether the entry had a personal part, which stands in ledger_personal until it is erased.';
comment on column ledger_kept.payload is 'Null where the service asks for the entry and not for its content.';

create view ledger_known as
select position, aggregate, type, occurred_at, recorded_at, actor_kind, actor_id, actor_department, traceparent,
       commitment is not null as committed, payload
from ledger
union all
select position, aggregate, type, occurred_at, recorded_at, actor_kind, actor_id, actor_department, traceparent, committed, payload
from ledger_kept;
comment on view ledger_known is 'Every entry that has a position, archived or not.';

-- Whoever may read the ledger may read these, and no more, whatever is granted by default.
create function ledger_lend(what regclass) returns void language plpgsql as $$
declare
    granted record;
begin
    for granted in
        select distinct case a.grantee when 0 then 'public' else a.grantee::regrole::text end as name
        from pg_class c, aclexplode(c.relacl) a where c.oid = what and a.grantee <> c.relowner
    loop
        execute format('revoke all on %s from %s', what, granted.name);
    end loop;
    for granted in
        select distinct case a.grantee when 0 then 'public' else a.grantee::regrole::text end as name
        from pg_class c, aclexplode(c.relacl) a
        where c.oid = 'ledger'::regclass and a.grantee <> c.relowner and a.privilege_type = 'SELECT'
    loop
        execute format('grant select on %s to %s', what, granted.name);
    end loop;
end $$;
select ledger_lend('ledger_kept'), ledger_lend('ledger_known');
drop function ledger_lend(regclass);
