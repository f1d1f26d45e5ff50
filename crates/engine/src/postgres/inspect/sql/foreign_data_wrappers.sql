-- Foreign-data wrappers.
SELECT
    'foreign-data wrapper', pg_foreign_data_wrapper.oid, NULL, fdwname, NULL, pg_get_userbyid(fdwowner), fdwacl::text,
    member.objid IS NOT NULL, pg_foreign_data_wrapper.oid < 16384, initprivs::text
FROM pg_foreign_data_wrapper
LEFT JOIN pg_depend AS member
    ON member.classid = 'pg_foreign_data_wrapper'::regclass AND member.objid = pg_foreign_data_wrapper.oid AND member.deptype = 'e'
    AND member.refclassid = 'pg_extension'::regclass
LEFT JOIN pg_init_privs AS init
    ON init.classoid = 'pg_foreign_data_wrapper'::regclass AND init.objoid = pg_foreign_data_wrapper.oid AND init.objsubid = 0
