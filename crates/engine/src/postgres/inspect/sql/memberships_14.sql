-- Every membership before PostgreSQL 16: the member's own INHERIT decides, and SET ROLE is always allowed.
SELECT
    pg_get_userbyid(roleid), pg_get_userbyid(member), pg_get_userbyid(grantor),
    admin_option, rolinherit, true
FROM pg_auth_members
JOIN pg_roles ON pg_roles.oid = member
