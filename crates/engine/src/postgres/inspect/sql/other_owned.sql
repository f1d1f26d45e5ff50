-- Things of other kinds in this database that a member of the role rolecall owns.
SELECT pg_describe_object(classid, objid, objsubid), pg_get_userbyid(refobjid)
FROM pg_shdepend
WHERE deptype = 'o'
    AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
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
