-- Large objects; their number is their name.
SELECT 'large object', oid, NULL, oid, NULL, pg_get_userbyid(lomowner), lomacl::text, false, false, NULL
FROM pg_largeobject_metadata
