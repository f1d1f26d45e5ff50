-- A number for each catalog of a database that moves when one of its rows does. Temporary tables come and go unseen. Row
-- scopes are told by how often their table was written.
SELECT concat_ws(' ',
    (SELECT count(*) || ':' || sum(hashint8extended(oid::bigint, xmin::text::bigint))
        FROM pg_class WHERE relpersistence <> 't' AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')),
    (SELECT count(*) || ':' || sum(hashint8extended(attrelid::bigint * 2048 + attnum, xmin::text::bigint))
        FROM pg_attribute WHERE attacl IS NOT NULL),
    (SELECT count(*) || ':' || sum(hashint8extended(oid::bigint, xmin::text::bigint)) FROM pg_proc),
    (SELECT count(*) || ':' || sum(hashint8extended(oid::bigint, xmin::text::bigint))
        FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp_'),
    (SELECT count(*) || ':' || sum(hashint8extended(t.oid::bigint, t.xmin::text::bigint)) FROM pg_type AS t
        WHERE NOT EXISTS (SELECT FROM pg_class AS c WHERE c.oid = t.typrelid AND c.relpersistence = 't')
        AND NOT EXISTS (SELECT FROM pg_type AS e JOIN pg_class AS c ON c.oid = e.typrelid
            WHERE e.typarray = t.oid AND c.relpersistence = 't')),
    (SELECT count(*) || ':' || sum(hashint8extended(oid::bigint, xmin::text::bigint)) FROM pg_default_acl),
    (SELECT count(*) || ':' || sum(hashint8extended(oid::bigint, xmin::text::bigint)) FROM pg_policy),
    (SELECT count(*) || ':' || sum(hashint8extended(oid::bigint, xmin::text::bigint)) FROM pg_language),
    (SELECT count(*) || ':' || sum(hashint8extended(oid::bigint, xmin::text::bigint)) FROM pg_foreign_data_wrapper),
    (SELECT count(*) || ':' || sum(hashint8extended(oid::bigint, xmin::text::bigint)) FROM pg_foreign_server),
    (SELECT count(*) || ':' || sum(hashint8extended(oid::bigint, xmin::text::bigint)) FROM pg_largeobject_metadata),
    (SELECT count(*) || ':' || sum(hashint8extended(oid::bigint, xmin::text::bigint)) FROM pg_publication),
    (SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_all_tables WHERE schemaname = 'rolecall'))
