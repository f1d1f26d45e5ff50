-- Functions and procedures; the system's own only where the ACL is not what initdb made it.
SELECT
    CASE prokind WHEN 'p' THEN 'procedure' ELSE 'function' END,
    pg_proc.oid, nspname, proname, oidvectortypes(proargtypes), pg_get_userbyid(proowner), proacl::text,
    member.objid IS NOT NULL, system, initprivs::text,
    NULL, false, false, false, prosecdef
FROM pg_proc
JOIN pg_namespace ON pg_namespace.oid = pronamespace
CROSS JOIN LATERAL (
    SELECT nspname IN ('pg_catalog', 'information_schema') OR nspname LIKE 'pg\_toast%' AS system
) AS origin
LEFT JOIN pg_depend AS member
    ON member.classid = 'pg_proc'::regclass AND member.objid = pg_proc.oid AND member.deptype = 'e'
    AND member.refclassid = 'pg_extension'::regclass
LEFT JOIN pg_init_privs AS init
    ON init.classoid = 'pg_proc'::regclass AND init.objoid = pg_proc.oid AND init.objsubid = 0
WHERE nspname NOT LIKE 'pg\_temp\_%'
    AND (NOT system OR proacl IS DISTINCT FROM initprivs)
