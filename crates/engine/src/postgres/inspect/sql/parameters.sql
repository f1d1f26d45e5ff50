-- Configuration parameters (PostgreSQL 15): those with an ACL, which PostgreSQL keeps in lower case, and all that could
-- get one. They belong to the first superuser.
SELECT 'parameter', 0, NULL, parname, NULL, pg_get_userbyid(10), paracl::text, false, false, NULL
FROM pg_parameter_acl
UNION ALL
SELECT 'parameter', 0, NULL, lower(name), NULL, pg_get_userbyid(10), NULL, false, false, NULL
FROM pg_settings
WHERE context <> 'internal' AND lower(name) NOT IN (SELECT parname FROM pg_parameter_acl)
