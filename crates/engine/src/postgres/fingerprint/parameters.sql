-- The same for configuration parameters (PostgreSQL 15).
SELECT count(*) || ':' || sum(hashint8extended(oid::bigint, xmin::text::bigint)) FROM pg_parameter_acl
