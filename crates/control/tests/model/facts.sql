-- What was given to accounts: logins, memberships and scopes.
SELECT rolname || CASE WHEN rolcanlogin THEN ' logs in' ELSE ' does not log in' END FROM pg_roles WHERE rolname !~ '^pg_'
UNION ALL
SELECT member::regrole || ' is a ' || roleid::regrole FROM pg_auth_members WHERE member >= 16384
UNION ALL
SELECT account || ' has ' || role || ' ' || "values" || ' until ' || coalesce(ends::text, 'ever') FROM rolecall.scope
