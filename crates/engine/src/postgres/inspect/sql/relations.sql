-- Tables, views, sequences and their like; the system's own only where an ACL is not what initdb made it.
SELECT
    CASE relkind
        WHEN 'r' THEN 'table'
        WHEN 'p' THEN 'partitioned table'
        WHEN 'v' THEN 'view'
        WHEN 'm' THEN 'materialized view'
        WHEN 'f' THEN 'foreign table'
        WHEN 'S' THEN 'sequence'
    END,
    pg_class.oid, nspname, relname, NULL, pg_get_userbyid(relowner), relacl::text,
    member.objid IS NOT NULL, system, initial::text,
    -- A serial column's sequence; inserting into an identity column (deptype i) needs no right on its sequence.
    CASE relkind WHEN 'S' THEN (
        SELECT refobjid FROM pg_depend
        WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND objsubid = 0
            AND refclassid = 'pg_class'::regclass AND refobjsubid > 0 AND deptype = 'a'
    ) END,
    relrowsecurity, relforcerowsecurity,
    relkind = 'v' AND reloptions IS NOT NULL AND EXISTS (
        SELECT
        FROM pg_options_to_table(reloptions)
        WHERE CASE option_name WHEN 'security_invoker' THEN option_value::boolean ELSE false END
    ),
    false,
    relkind = 'S' AND EXISTS (
        SELECT FROM pg_depend
        WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND objsubid = 0
            AND refclassid = 'pg_class'::regclass AND refobjsubid > 0 AND deptype = 'i'
    )
FROM pg_class
JOIN pg_namespace ON pg_namespace.oid = relnamespace
LEFT JOIN pg_depend AS member
    ON member.classid = 'pg_class'::regclass AND member.objid = pg_class.oid AND member.objsubid = 0
    AND member.deptype = 'e' AND member.refclassid = 'pg_extension'::regclass
LEFT JOIN pg_init_privs AS init
    ON init.classoid = 'pg_class'::regclass AND init.objoid = pg_class.oid AND init.objsubid = 0
CROSS JOIN LATERAL (
    SELECT
        nspname IN ('pg_catalog', 'information_schema') OR nspname LIKE 'pg\_toast%' AS system,
        -- initdb makes information_schema after it has noted all ACLs.
        CASE
            WHEN nspname = 'information_schema' AND pg_class.oid < 16384 AND initprivs IS NULL AND relacl IS NOT NULL
            THEN acldefault('r', relowner) || makeaclitem(0, relowner, 'SELECT', false)
            ELSE initprivs
        END AS initial
) AS origin
WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    AND nspname NOT LIKE 'pg\_temp\_%' AND nspname NOT LIKE 'pg\_toast\_temp\_%'
    AND (
        NOT system
        OR relacl IS DISTINCT FROM initial
        -- Few columns have an ACL, and few had one from initdb: no lookup for each column of each system table.
        OR EXISTS (
            SELECT
            FROM pg_attribute
            WHERE attrelid = pg_class.oid AND attacl IS NOT NULL AND attacl IS DISTINCT FROM (
                SELECT initprivs FROM pg_init_privs
                WHERE classoid = 'pg_class'::regclass AND objoid = attrelid AND objsubid = attnum
            )
        )
        OR EXISTS (
            SELECT
            FROM pg_init_privs AS columns
            JOIN pg_attribute ON attrelid = columns.objoid AND attnum = columns.objsubid
            WHERE columns.classoid = 'pg_class'::regclass AND columns.objoid = pg_class.oid AND columns.objsubid > 0
                AND attacl IS NULL
        )
    )
