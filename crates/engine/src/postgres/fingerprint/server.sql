-- A number for each server-wide catalog that moves when one of its rows does: what Rolecall looks at, without reading it.
-- Roles are hashed as everybody may see them; the other catalogs by which transaction wrote each row.
SELECT concat_ws(' ',
    (SELECT count(*) || ':' || sum(hashtextextended(r::text, 0)) FROM pg_roles AS r),
    (SELECT count(*) || ':' || sum(hashtextextended(m::text, 0)) FROM pg_auth_members AS m),
    (SELECT count(*) || ':' || sum(hashtextextended(
        concat_ws(' ', oid, datname, datdba, datacl, datallowconn, datconnlimit), 0)) FROM pg_database),
    (SELECT count(*) || ':' || sum(hashint8extended(setdatabase::bigint, setrole::bigint)
        + hashtextextended(setconfig::text, 0)::numeric) FROM pg_db_role_setting),
    (SELECT count(*) || ':' || sum(hashint8extended(oid::bigint, xmin::text::bigint)) FROM pg_tablespace),
    (SELECT count(*) || ':' || sum(hashint8extended(objoid::bigint, xmin::text::bigint)) FROM pg_shdescription))
