-- Whoever may write to a schema's tables by default (deploy/postgres/roles.sql) may not take back what stands in its ledger, nor say which migrations
-- were applied; and may read which were, since a service looks whether its schema is as new as itself.
do $$
declare
    granted record;
begin
    for granted in
        select distinct acl.grantee::regrole::text as role
          from pg_class c, aclexplode(c.relacl) acl
         where c.oid = 'ledger'::regclass and acl.grantee not in (0, c.relowner)
    loop
        execute format('revoke update, delete, truncate on ledger from %s', granted.role);
        execute format('revoke insert, delete, truncate on ledger_head from %s', granted.role);
        execute format('revoke insert, update, delete, truncate on schema_migration from %s', granted.role);
        execute format('grant select on schema_migration to %s', granted.role);
    end loop;
end
$$;
