-- Types with an ACL of their own: no arrays, no row types of tables, no multiranges, which have none.
SELECT
    CASE pg_type.typtype WHEN 'd' THEN 'domain' ELSE 'type' END,
    pg_type.oid, nspname, pg_type.typname, NULL, pg_get_userbyid(pg_type.typowner), pg_type.typacl::text,
    member.objid IS NOT NULL, system, initprivs::text
FROM pg_type
JOIN pg_namespace ON pg_namespace.oid = pg_type.typnamespace
CROSS JOIN LATERAL (
    SELECT nspname IN ('pg_catalog', 'information_schema') OR nspname LIKE 'pg\_toast%' AS system
) AS origin
LEFT JOIN pg_depend AS member
    ON member.classid = 'pg_type'::regclass AND member.objid = pg_type.oid AND member.deptype = 'e'
    AND member.refclassid = 'pg_extension'::regclass
LEFT JOIN pg_init_privs AS init
    ON init.classoid = 'pg_type'::regclass AND init.objoid = pg_type.oid AND init.objsubid = 0
WHERE (
        pg_type.typtype IN ('d', 'e', 'r')
        -- What GRANT itself takes for an array.
        OR pg_type.typtype = 'b' AND (typelem = 0 OR typsubscript <> 'array_subscript_handler'::regproc)
        OR pg_type.typtype = 'c' AND pg_type.oid IN (SELECT reltype FROM pg_class WHERE relkind = 'c')
    )
    AND nspname NOT LIKE 'pg\_temp\_%'
    AND (NOT system OR pg_type.typacl IS DISTINCT FROM initprivs)
