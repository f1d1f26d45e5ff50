-- Members of the role rolecall that own or were granted a temporary thing of any session.
WITH temporary AS (
    SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_temp_'
), things AS (
    SELECT 'pg_class'::regclass AS classid, oid AS objid FROM pg_class
    WHERE relnamespace IN (SELECT oid FROM temporary)
    UNION ALL
    SELECT 'pg_proc'::regclass, oid FROM pg_proc WHERE pronamespace IN (SELECT oid FROM temporary)
    UNION ALL
    SELECT 'pg_type'::regclass, oid FROM pg_type WHERE typnamespace IN (SELECT oid FROM temporary)
)
SELECT DISTINCT pg_get_userbyid(refobjid)
FROM things
JOIN pg_shdepend USING (classid, objid)
WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND refclassid = 'pg_authid'::regclass
    AND refobjid IN (
        SELECT member FROM pg_auth_members JOIN pg_roles ON pg_roles.oid = roleid WHERE rolname = 'rolecall'
    )
ORDER BY 1
