-- Schemas, pg_catalog and information_schema among them.
SELECT
    'schema', pg_namespace.oid, NULL, nspname, NULL, pg_get_userbyid(nspowner), nspacl::text,
    member.objid IS NOT NULL, system, initial::text
FROM pg_namespace
LEFT JOIN pg_depend AS member
    ON member.classid = 'pg_namespace'::regclass AND member.objid = pg_namespace.oid AND member.deptype = 'e'
    AND member.refclassid = 'pg_extension'::regclass
LEFT JOIN pg_init_privs AS init
    ON init.classoid = 'pg_namespace'::regclass AND init.objoid = pg_namespace.oid AND init.objsubid = 0
CROSS JOIN LATERAL (
    SELECT
        -- initdb makes public too, but it is the users'.
        nspname IN ('pg_catalog', 'information_schema') OR nspname LIKE 'pg\_toast%' AS system,
        -- initdb makes information_schema after it has noted all ACLs.
        CASE
            WHEN nspname = 'information_schema' AND pg_namespace.oid < 16384 AND initprivs IS NULL
            THEN acldefault('n', nspowner) || makeaclitem(0, nspowner, 'USAGE', false)
            ELSE initprivs
        END AS initial
) AS origin
WHERE nspname NOT LIKE 'pg\_temp\_%' AND nspname NOT LIKE 'pg\_toast\_temp\_%'
    AND (NOT system OR nspname IN ('pg_catalog', 'information_schema') OR nspacl IS DISTINCT FROM initial)
