-- Tablespaces; the two that every server has only where somebody gave rights on them.
SELECT
    'tablespace', oid, NULL, spcname, NULL, pg_get_userbyid(spcowner), spcacl::text,
    false, oid < 16384, NULL
FROM pg_tablespace
WHERE oid >= 16384 OR spcacl IS NOT NULL
