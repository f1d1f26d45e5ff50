-- Columns with an ACL, and all columns of the tables in the list, which is filled in.
SELECT attrelid, attnum, attname, format_type(atttypid, NULL), attacl::text
FROM pg_attribute
JOIN pg_class ON pg_class.oid = attrelid
JOIN pg_namespace ON pg_namespace.oid = relnamespace
LEFT JOIN pg_init_privs AS init
    ON init.classoid = 'pg_class'::regclass AND init.objoid = attrelid AND init.objsubid = attnum
WHERE attnum > 0 AND NOT attisdropped
    AND (
        attrelid = ANY ('{}'::oid[])
        OR attacl IS NOT NULL
        AND nspname NOT LIKE 'pg\_temp\_%'
        -- initdb itself grants columns of some catalogs.
        AND (nspname NOT IN ('pg_catalog', 'information_schema') OR attacl IS DISTINCT FROM initprivs)
    )
ORDER BY attrelid, attnum
