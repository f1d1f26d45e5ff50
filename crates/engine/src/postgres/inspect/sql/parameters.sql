-- Configuration parameters with an ACL (PostgreSQL 15). They belong to the first superuser.
SELECT 'parameter', 0, NULL, parname, NULL, pg_get_userbyid(10), paracl::text, false, false, NULL
FROM pg_parameter_acl
