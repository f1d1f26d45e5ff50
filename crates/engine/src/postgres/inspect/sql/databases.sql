-- Every database, and whether a member of the role rolecall is mentioned inside it.
SELECT
    'database', pg_database.oid, NULL, datname, NULL, pg_get_userbyid(datdba), datacl::text,
    false, false, initprivs::text, NULL, false, false, false, false,
    -- -2 marks a database whose DROP was interrupted: nobody can connect to it any more.
    datallowconn AND datconnlimit <> -2,
    datistemplate,
    EXISTS (
        SELECT
        FROM pg_shdepend
        JOIN pg_auth_members ON pg_auth_members.member = refobjid
        JOIN pg_roles ON pg_roles.oid = roleid AND rolname = 'rolecall'
        WHERE dbid = pg_database.oid AND refclassid = 'pg_authid'::regclass
            -- Who created the marker is a member of it from PostgreSQL 16 on, but not owned.
            AND member <> 10 AND pg_get_userbyid(member) <> current_user
    )
FROM pg_database
LEFT JOIN pg_init_privs AS init
    ON init.classoid = 'pg_database'::regclass AND init.objoid = pg_database.oid AND init.objsubid = 0
