-- ALTER ROLE … SET: role, database (NULL: all of them), name=value.
SELECT pg_get_userbyid(setrole), datname, setting
FROM pg_db_role_setting
CROSS JOIN unnest(setconfig) AS setting
LEFT JOIN pg_database ON pg_database.oid = setdatabase
WHERE setrole <> 0
