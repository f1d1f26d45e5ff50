-- Rolecall's own schema: its comment, and which of its tables stand there with the columns that are read.
-- Somebody else may have made them: only a plain table with built-in types runs nobody's code when it is read.
-- What may not be read does not count either; the comment, too, then says nothing.
SELECT
    CASE WHEN has_schema_privilege(pg_namespace.oid, 'USAGE') AND NOT EXISTS (
        SELECT FROM pg_class
        WHERE relnamespace = pg_namespace.oid AND relkind = 'r' AND NOT has_table_privilege(oid, 'SELECT')
    ) THEN obj_description(pg_namespace.oid, 'pg_namespace') END,
    (
        SELECT count(*) FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        WHERE relnamespace = pg_namespace.oid AND relname = 'scope' AND relkind = 'r'
            AND NOT attisdropped AND atttypid < 16384
            AND has_schema_privilege(pg_namespace.oid, 'USAGE') AND has_table_privilege(pg_class.oid, 'SELECT')
            AND attname IN ('account', 'role', 'values', 'ends')
    ) = 4,
    (
        SELECT count(*) FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        WHERE relnamespace = pg_namespace.oid AND relname = 'row_security' AND relkind = 'r'
            AND NOT attisdropped AND atttypid < 16384
            AND has_schema_privilege(pg_namespace.oid, 'USAGE') AND has_table_privilege(pg_class.oid, 'SELECT')
            AND attname IN ('table_schema', 'table_name')
    ) = 2,
    (
        SELECT count(*) FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        WHERE relnamespace = pg_namespace.oid AND relname = 'seal' AND relkind = 'r'
            AND NOT attisdropped AND atttypid < 16384
            AND has_schema_privilege(pg_namespace.oid, 'USAGE') AND has_table_privilege(pg_class.oid, 'SELECT')
            AND attname IN ('table_schema', 'table_name', 'policy', 'source', 'using_text', 'check_text')
    ) = 6
FROM pg_namespace
WHERE nspname = 'rolecall'
