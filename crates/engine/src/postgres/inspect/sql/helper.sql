-- Rolecall's own schema: its comment, and which of its tables stand there with the columns that are read.
SELECT
    obj_description(pg_namespace.oid, 'pg_namespace'),
    (
        SELECT count(*) FROM pg_attribute
        WHERE attrelid = to_regclass('rolecall.scope') AND NOT attisdropped
            AND attname IN ('account', 'role', 'values', 'ends')
    ) = 4,
    (
        SELECT count(*) FROM pg_attribute
        WHERE attrelid = to_regclass('rolecall.row_security') AND NOT attisdropped
            AND attname IN ('table_schema', 'table_name')
    ) = 2,
    (
        SELECT count(*) FROM pg_attribute
        WHERE attrelid = to_regclass('rolecall.seal') AND NOT attisdropped
            AND attname IN ('table_schema', 'table_name', 'policy', 'source', 'using_text', 'check_text')
    ) = 6
FROM pg_namespace
WHERE nspname = 'rolecall'
