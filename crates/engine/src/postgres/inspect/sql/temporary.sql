-- Members of the role rolecall that own or were granted a temporary thing of any session.
-- Begun from the temporary things, which are few, and held there: right after a million grants the planner knows
-- nothing of them yet, and the other way round takes minutes.
WITH temporary AS MATERIALIZED (
    SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_temp_'
), things AS MATERIALIZED (
    SELECT 'pg_class'::regclass AS classid, oid AS objid FROM pg_class
    WHERE relnamespace IN (SELECT oid FROM temporary)
    UNION ALL
    SELECT 'pg_proc'::regclass, oid FROM pg_proc WHERE pronamespace IN (SELECT oid FROM temporary)
    UNION ALL
    SELECT 'pg_type'::regclass, oid FROM pg_type WHERE typnamespace IN (SELECT oid FROM temporary)
), mentioned AS MATERIALIZED (
    SELECT DISTINCT mention.refobjid
    FROM things
    CROSS JOIN LATERAL (
        SELECT refobjid
        FROM pg_shdepend
        WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND classid = things.classid AND objid = things.objid AND refclassid = 'pg_authid'::regclass
        OFFSET 0
    ) AS mention
)
SELECT pg_get_userbyid(refobjid)
FROM mentioned
WHERE refobjid IN (
    SELECT member FROM pg_auth_members JOIN pg_roles ON pg_roles.oid = roleid WHERE rolname = 'rolecall'
)
ORDER BY 1
