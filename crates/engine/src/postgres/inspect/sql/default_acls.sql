-- Default privileges: creator, schema (NULL: everywhere), kind, ACL.
SELECT pg_get_userbyid(defaclrole), nspname, defaclobjtype, defaclacl::text
FROM pg_default_acl
LEFT JOIN pg_namespace ON pg_namespace.oid = defaclnamespace
ORDER BY 1, 2 NULLS FIRST, 3
