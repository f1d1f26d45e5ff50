-- Which tables and views each view reads; the system's own views are left out.
SELECT DISTINCT ev_class, refobjid
FROM pg_rewrite
JOIN pg_class AS view ON view.oid = ev_class AND view.relkind IN ('v', 'm')
JOIN pg_depend ON classid = 'pg_rewrite'::regclass AND objid = pg_rewrite.oid
    AND refclassid = 'pg_class'::regclass AND refobjid <> ev_class
JOIN pg_class AS source ON source.oid = refobjid AND source.relkind IN ('r', 'p', 'v', 'm', 'f')
WHERE pg_rewrite.oid >= 16384
ORDER BY 1, 2
