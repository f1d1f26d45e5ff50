-- Every membership before PostgreSQL 16: the member's own INHERIT decides, and SET ROLE is always allowed.
SELECT
    coalesce(role.rolname, pg_get_userbyid(roleid)), member.rolname, coalesce(giver.rolname, pg_get_userbyid(grantor)),
    admin_option, member.rolinherit, true
FROM pg_auth_members
JOIN pg_roles AS member ON member.oid = pg_auth_members.member
-- Joined, because a name looked up for each row is most of the time; a grantor may be gone.
LEFT JOIN pg_roles AS role ON role.oid = roleid
LEFT JOIN pg_roles AS giver ON giver.oid = grantor
