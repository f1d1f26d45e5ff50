-- Schemas, pg_catalog and information_schema among them.
SELECT
    'schema', pg_namespace.oid, NULL, nspname, NULL, pg_get_userbyid(nspowner), nspacl::text,
    member.objid IS NOT NULL, system, initprivs::text
FROM pg_namespace
CROSS JOIN LATERAL (
    -- initdb makes public too, but it is the users'.
    SELECT nspname IN ('pg_catalog', 'information_schema') OR nspname LIKE 'pg\_toast%' AS system
) AS origin
LEFT JOIN pg_depend AS member
    ON member.classid = 'pg_namespace'::regclass AND member.objid = pg_namespace.oid AND member.deptype = 'e'
LEFT JOIN pg_init_privs AS init
    ON init.classoid = 'pg_namespace'::regclass AND init.objoid = pg_namespace.oid AND init.objsubid = 0
WHERE nspname NOT LIKE 'pg\_temp\_%' AND nspname NOT LIKE 'pg\_toast\_temp\_%'
    AND (NOT system OR nspname IN ('pg_catalog', 'information_schema') OR nspacl IS DISTINCT FROM initprivs)
