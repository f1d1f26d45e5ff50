-- Every membership, with the options of PostgreSQL 16.
SELECT
    coalesce(role.rolname, pg_get_userbyid(roleid)), coalesce(member.rolname, pg_get_userbyid(pg_auth_members.member)),
    coalesce(giver.rolname, pg_get_userbyid(grantor)), admin_option, inherit_option, set_option
FROM pg_auth_members
-- Joined, because a name looked up for each row is most of the time.
LEFT JOIN pg_roles AS role ON role.oid = roleid
LEFT JOIN pg_roles AS member ON member.oid = pg_auth_members.member
LEFT JOIN pg_roles AS giver ON giver.oid = grantor
