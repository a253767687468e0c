-- Roles and schemas of the suite on a server of your own.
--
--   psql -v ON_ERROR_STOP=1 -d ventanilla -f roles.sql
--
-- Run as a superuser on the suite's database, before the first migration. Tables that migrations bring are granted by default
-- as they are made, and the migrations themselves keep the ledger from who wrote it. Running it again changes nothing, and
-- grants what was made without it.
--
-- ventanilla_owner owns every schema and runs the migrations. Each service has a role that may use
-- its own schema and no other; reading a neighbour's table is a permission error. No role has a
-- password here: give each one its own (\password ticketing) or a certificate.

begin;

do $$
declare
    service record;
    part regclass;
begin
    if not exists (select from pg_roles where rolname = 'ventanilla_owner') then
        create role ventanilla_owner login nosuperuser nocreatedb nocreaterole nobypassrls;
    end if;
    -- A migration begins with "create schema if not exists", which asks for this even when it exists.
    execute format('grant connect, create on database %I to ventanilla_owner', current_database());
    revoke all on schema public from public;

    for service in
        select * from (values
            ('customer_profile', 'customer_profile'),
            ('ticketing', 'ticketing'),
            ('sla_monitor', 'sla_monitor'),
            ('ombudsman', 'ombudsman'),
            ('webhooks', 'webhooks')
        ) as of_the_suite (role, schema)
    loop
        if not exists (select from pg_roles where rolname = service.role) then
            execute format('create role %I login nosuperuser nocreatedb nocreaterole nobypassrls', service.role);
        end if;
        execute format('alter role %I set search_path = %I', service.role, service.schema);
        execute format('create schema if not exists %I authorization ventanilla_owner', service.schema);
        execute format('revoke all on schema %I from public', service.schema);
        execute format('grant usage on schema %I to %I', service.schema, service.role);
        execute format('grant select, insert, update, delete on all tables in schema %I to %I', service.schema, service.role);
        execute format('grant usage, select on all sequences in schema %I to %I', service.schema, service.role);
        -- What the owner will make.
        execute format('alter default privileges for role ventanilla_owner in schema %I grant select, insert, update, delete on tables to %I', service.schema, service.role);
        execute format('alter default privileges for role ventanilla_owner in schema %I grant usage, select on sequences to %I', service.schema, service.role);

        -- What a service has written to its ledger it cannot take back. A schema that was migrated before this ran has these tables.
        if to_regclass(format('%I.ledger', service.schema)) is not null then
            execute format('revoke update, delete, truncate on %I.ledger from %I', service.schema, service.role);
            execute format('revoke insert, delete, truncate on %I.ledger_head from %I', service.schema, service.role);
            -- Its months are reached by way of it alone, and are the owner's to begin.
            for part in
                select c.oid from pg_class c where c.relnamespace = to_regnamespace(quote_ident(service.schema)) and c.relname like 'ledger\_from\_%' and c.relkind = 'r'
            loop
                execute format('revoke all on %s from %I', part, service.role);
            end loop;
            for part in
                select to_regclass(format('%I.%I', service.schema, told)) from unnest(array['ledger_month', 'ledger_kept', 'ledger_known']) as told
            loop
                if part is not null then
                    execute format('revoke insert, update, delete, truncate on %s from %I', part, service.role);
                end if;
            end loop;
            -- It may read which migrations there are: it looks whether they are all of its own.
            execute format('revoke insert, update, delete, truncate on %I.schema_migration from %I', service.schema, service.role);
        end if;
    end loop;
end
$$;

commit;
