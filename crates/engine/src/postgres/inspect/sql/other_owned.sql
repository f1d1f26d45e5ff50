-- Things of other kinds in this database that a member of the role rolecall owns.
SELECT thing.type || ' ' || thing.identity, pg_get_userbyid(refobjid)
FROM pg_shdepend
JOIN pg_database ON datname = current_database()
LEFT JOIN pg_subscription ON classid = 'pg_subscription'::regclass AND pg_subscription.oid = objid
-- As pg_describe_object, but in one language everywhere.
CROSS JOIN pg_identify_object(classid, objid, objsubid) AS thing
WHERE deptype = 'o'
    -- Subscriptions belong to one database, yet stand in a catalog of the whole server.
    AND (dbid = pg_database.oid OR subdbid = pg_database.oid)
    AND refclassid = 'pg_authid'::regclass
    AND refobjid IN (
        SELECT member FROM pg_auth_members JOIN pg_roles ON pg_roles.oid = roleid WHERE rolname = 'rolecall'
    )
    AND classid NOT IN (
        'pg_class'::regclass, 'pg_proc'::regclass, 'pg_type'::regclass, 'pg_namespace'::regclass,
        'pg_foreign_data_wrapper'::regclass, 'pg_foreign_server'::regclass,
        'pg_largeobject'::regclass, 'pg_default_acl'::regclass
    )
    AND NOT EXISTS (
        SELECT FROM pg_language WHERE classid = 'pg_language'::regclass AND oid = objid AND lanpltrusted
    )
ORDER BY 1, 2
