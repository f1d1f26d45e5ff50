-- Row policies; in the list of roles, the empty name is PUBLIC.
SELECT
    polrelid, polname, polcmd, polpermissive,
    array_to_json(ARRAY(
        SELECT CASE role WHEN 0 THEN '' ELSE pg_get_userbyid(role)::text END
        FROM unnest(polroles) WITH ORDINALITY AS listed (role, place)
        ORDER BY place
    )),
    pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)
FROM pg_policy
ORDER BY polrelid, polname
