-- The ledger by months: what was one table becomes the first partition of a table of the same name, columns and order. Nothing is read or
-- written anew, and binaries from before go on. Who gives positions waits for the length of this file; who writes entries does not.
select from ledger_head for update;

alter table ledger rename to ledger_from_1;
alter table ledger_from_1 rename constraint ledger_pkey to ledger_from_1_pkey;
alter table ledger_from_1 rename constraint ledger_entry_id_key to ledger_from_1_entry_id_key;
alter index ledger_aggregate_idx rename to ledger_from_1_aggregate_idx;
-- The parent gives it another of this name.
drop trigger ledger_append_only on ledger_from_1;

create table ledger (
    like ledger_from_1 including constraints,
    constraint ledger_pkey primary key (position)
) partition by range (position);
create index ledger_aggregate_idx on ledger (aggregate, position);
create trigger ledger_append_only before update or delete on ledger
    for each row execute function ledger_is_append_only();
create trigger ledger_not_truncated before truncate on ledger
    for each statement execute function ledger_is_append_only();
comment on table ledger is 'Append-only, positions from 1 without gaps, each entry chained to the one before by SHA-256. A partition for each month, from the position at which it began.';

-- Where the open partition ends: nowhere, but while a month is being closed (services/shared/ledger/src/months.rs).
create function ledger_open_ends() returns bigint language sql immutable return 9223372036854775807;
comment on function ledger_open_ends() is 'Above every position of the open partition. While a month is closed it is, in that transaction, where the partition ends; so that its rows need not be read to show it.';
alter table ledger_from_1 add constraint ledger_from_1_range check (position < ledger_open_ends()) not valid;

create table ledger_month (
    first_position bigint      not null,
    month          date        not null,
    prev_hash      bytea       not null,
    opened_at      timestamptz not null,
    last_position  bigint,
    hash           bytea,
    closed_at      timestamptz,
    constraint ledger_month_pkey primary key (first_position),
    constraint ledger_month_is_one_partition unique (month),
    constraint ledger_month_is_a_month check (extract(day from month) = 1),
    constraint ledger_month_hashes_are_sha256 check (octet_length(prev_hash) = 32 and octet_length(hash) = 32),
    constraint ledger_month_is_closed_whole
        check ((last_position is null) = (hash is null) and (last_position is null) = (closed_at is null)),
    constraint ledger_month_holds_entries check (last_position >= first_position)
);
create unique index ledger_month_open_idx on ledger_month ((true)) where last_position is null;
comment on table ledger_month is 'Partitions of the ledger: what was given a position from the beginning of a month (UTC) until the next was begun. One is open.';
comment on column ledger_month.first_position is 'The partition is ledger_from_ and this number.';
comment on column ledger_month.prev_hash is 'Hash of the entry before its first.';
comment on column ledger_month.hash is 'Hash of its last entry.';
insert into ledger_month (first_position, month, prev_hash, opened_at)
    values (1, date_trunc('month', now() at time zone 'UTC')::date, decode(repeat('00', 32), 'hex'), now());

-- A partition is reached by way of the ledger and by nobody but its owner otherwise.
create function ledger_seal_partition(part regclass) returns void language plpgsql as $$
declare
    granted record;
begin
    for granted in
        select distinct case a.grantee when 0 then 'public' else a.grantee::regrole::text end as name
        from pg_class c, aclexplode(c.relacl) a where c.oid = part and a.grantee <> c.relowner
    loop
        execute format('revoke all on %s from %s', part, granted.name);
    end loop;
    if not exists (select from pg_trigger where tgrelid = part and tgname = 'ledger_not_truncated') then
        execute format('create trigger ledger_not_truncated before truncate on %s
                            for each statement execute function ledger_is_append_only()', part);
    end if;
end $$;
comment on function ledger_seal_partition(regclass) is 'Takes every right on a partition of the ledger from all but its owner, and lets nobody truncate it.';

-- Who might read and append still may, and no more, whatever is granted by default.
create function ledger_take_over() returns void language plpgsql as $$
declare
    granted record;
begin
    perform ledger_seal_partition('ledger');
    perform ledger_seal_partition('ledger_month');
    drop trigger ledger_not_truncated on ledger_month;
    for granted in
        select case a.grantee when 0 then 'public' else a.grantee::regrole::text end as name, a.privilege_type as may
        from pg_class c, aclexplode(c.relacl) a
        where c.oid = 'ledger_from_1'::regclass and a.grantee <> c.relowner and a.privilege_type in ('SELECT', 'INSERT')
    loop
        execute format('grant %s on ledger to %s', granted.may, granted.name);
        if granted.may = 'SELECT' then
            execute format('grant select on ledger_month to %s', granted.name);
        end if;
    end loop;
    perform ledger_seal_partition('ledger_from_1');
end $$;
select ledger_take_over();
drop function ledger_take_over();

alter table ledger attach partition ledger_from_1 for values from (minvalue) to (maxvalue);
