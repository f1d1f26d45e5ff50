-- Every role with its attributes, its comment and its sessions.
SELECT
    pg_roles.oid, rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls,
    rolconnlimit, rolvaliduntil, description, coalesce(open.sessions, 0)
FROM pg_roles
-- Not shobj_description(): it looks up each role by itself.
LEFT JOIN pg_shdescription ON objoid = pg_roles.oid AND classoid = 'pg_authid'::regclass
LEFT JOIN (
    SELECT usesysid, count(*) AS sessions
    FROM pg_stat_activity
    -- Without pg_read_all_stats, what kind of backend another role's session is cannot be seen.
    WHERE backend_type IN ('client backend', 'walsender') OR backend_type IS NULL AND datid IS NOT NULL
    GROUP BY usesysid
) AS open ON open.usesysid = pg_roles.oid
