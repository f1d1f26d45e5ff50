-- Trusted languages, those of the system too: PUBLIC may use some of them. On others PostgreSQL allows no GRANT or REVOKE.
SELECT
    'language', pg_language.oid, NULL, lanname, NULL, pg_get_userbyid(lanowner), lanacl::text,
    member.objid IS NOT NULL, pg_language.oid < 16384, initprivs::text
FROM pg_language
LEFT JOIN pg_depend AS member
    ON member.classid = 'pg_language'::regclass AND member.objid = pg_language.oid AND member.deptype = 'e'
    AND member.refclassid = 'pg_extension'::regclass
LEFT JOIN pg_init_privs AS init
    ON init.classoid = 'pg_language'::regclass AND init.objoid = pg_language.oid AND init.objsubid = 0
WHERE lanpltrusted
