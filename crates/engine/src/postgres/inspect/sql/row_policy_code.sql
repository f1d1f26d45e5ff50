-- What the row policies of a table reach beyond PostgreSQL's own and Rolecall's: whoever owns it may change what it does.
SELECT thing.type || ' ' || thing.identity
FROM pg_policy
JOIN pg_depend ON classid = 'pg_policy'::regclass AND objid = pg_policy.oid
-- As pg_describe_object, but in one language everywhere.
CROSS JOIN pg_identify_object(refclassid, refobjid, 0) AS thing
WHERE polrelid = $1
    AND refobjid <> polrelid
    AND NOT EXISTS (
        SELECT FROM pg_proc
        WHERE refclassid = 'pg_proc'::regclass AND oid = refobjid AND pronamespace = to_regnamespace('rolecall')
    )
ORDER BY 1
