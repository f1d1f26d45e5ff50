-- Every database, and whether a member of the role rolecall is mentioned inside it.
SELECT
    'database', pg_database.oid, NULL, datname, NULL, pg_get_userbyid(datdba), datacl::text,
    false, false, initprivs::text, NULL, false, false, false, false,
    -- -2 marks a database whose DROP was interrupted: nobody can connect to it any more.
    datallowconn AND datconnlimit <> -2,
    datistemplate,
    -- Asked once for all databases: the catalog has a row for each grantee of each object.
    pg_database.oid IN (
        SELECT dbid
        FROM pg_shdepend
        -- IS TRUE keeps it a hashed list: as a join, the planner, who takes the members for a handful, may go through
        -- all of them for each row.
        WHERE refclassid = 'pg_authid'::regclass AND (refobjid IN (
            SELECT member
            FROM pg_auth_members
            JOIN pg_roles AS marker ON marker.oid = roleid AND marker.rolname = 'rolecall'
            -- Who created the marker is a member of it from PostgreSQL 16 on, but not owned.
            WHERE member <> 10 AND member <> (SELECT oid FROM pg_roles WHERE rolname = current_user)
        )) IS TRUE
    )
FROM pg_database
LEFT JOIN pg_init_privs AS init
    ON init.classoid = 'pg_database'::regclass AND init.objoid = pg_database.oid AND init.objsubid = 0
