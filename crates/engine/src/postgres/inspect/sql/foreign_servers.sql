-- Foreign servers.
SELECT
    'foreign server', pg_foreign_server.oid, NULL, srvname, NULL, pg_get_userbyid(srvowner), srvacl::text,
    member.objid IS NOT NULL, pg_foreign_server.oid < 16384, initprivs::text
FROM pg_foreign_server
LEFT JOIN pg_depend AS member
    ON member.classid = 'pg_foreign_server'::regclass AND member.objid = pg_foreign_server.oid AND member.deptype = 'e'
    AND member.refclassid = 'pg_extension'::regclass
LEFT JOIN pg_init_privs AS init
    ON init.classoid = 'pg_foreign_server'::regclass AND init.objoid = pg_foreign_server.oid AND init.objsubid = 0
