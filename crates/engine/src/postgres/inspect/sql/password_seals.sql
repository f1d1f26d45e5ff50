-- A hash of each stored password; for superusers only.
SELECT rolname, encode(sha256(convert_to(rolpassword, 'UTF8')), 'hex')
FROM pg_authid
WHERE rolpassword IS NOT NULL
