-- Every membership, with the options of PostgreSQL 16.
SELECT
    pg_get_userbyid(roleid), pg_get_userbyid(member), pg_get_userbyid(grantor),
    admin_option, inherit_option, set_option
FROM pg_auth_members
