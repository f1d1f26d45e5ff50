-- Every role that is neither the server's nor the administrator's nor a role of the policy, with whatever it can do.
SELECT
    rolname::text AS account,
    rolcanlogin AS login,
    ARRAY(
        SELECT role.rolname::text FROM pg_roles AS role
        WHERE role.oid <> account.oid AND role.rolname <> 'rolecall' AND pg_has_role(account.oid, role.oid, 'MEMBER')
    ) AS roles,
    ARRAY(
        SELECT privilege || ' on ' || relation
        FROM unnest(ARRAY['shop.notes', 'shop.tickets']) AS relation,
            unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS privilege
        WHERE has_table_privilege(account.oid, relation, privilege)
        UNION ALL
        SELECT 'SELECT of ' || attname FROM pg_attribute
        WHERE attrelid = 'shop.tickets'::regclass AND attnum > 0 AND attname NOT IN ('id', 'customer')
            AND has_column_privilege(account.oid, attrelid, attnum, 'SELECT')
        UNION ALL
        SELECT word FROM (VALUES
            (rolsuper, 'SUPERUSER'), (rolcreaterole, 'CREATEROLE'), (rolcreatedb, 'CREATEDB'),
            (rolreplication, 'REPLICATION'), (rolbypassrls, 'BYPASSRLS'),
            (has_schema_privilege(account.oid, 'shop', 'CREATE'), 'CREATE in shop'),
            (has_database_privilege(account.oid, 'app', 'CREATE'), 'CREATE in app')
        ) AS attribute (held, word) WHERE held
    ) AS rights
FROM pg_roles AS account
WHERE rolname !~ '^pg_' AND rolname NOT IN ('postgres', 'rolecall', 'support', 'reader', 'lead')
ORDER BY 1
