-- Without PL/pgSQL nothing below could say what is wrong: the message comes by way of a cast that fails.
SELECT CASE count(*) WHEN 0 THEN
    ('Rolecall needs CREATE EXTENSION plpgsql in database ' || pg_catalog.current_database())::integer
END FROM pg_catalog.pg_language WHERE lanname = 'plpgsql';

-- A schema of this name that somebody else can fill would give them a say in who sees which rows.
DO $rolecall$
DECLARE
    stranger text;
BEGIN
    SELECT pg_get_userbyid(owner) INTO stranger FROM (
        SELECT nspowner AS owner FROM pg_namespace WHERE nspname = 'rolecall'
        UNION ALL
        SELECT relowner FROM pg_class WHERE relnamespace = to_regnamespace('rolecall')
        UNION ALL
        SELECT proowner FROM pg_proc WHERE pronamespace = to_regnamespace('rolecall')
    ) AS owned WHERE owner <> quote_ident(current_user)::regrole LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the schema "rolecall" or something in it belongs to role %, not to Rolecall''s own role %',
            quote_ident(stranger), quote_ident(current_user)
            USING ERRCODE = 'insufficient_privilege',
            HINT = 'If Rolecall made it as another role, give it to this one; otherwise rename it.';
    END IF;
END
$rolecall$;

CREATE SCHEMA IF NOT EXISTS rolecall;

-- Who sees which rows: the values of a role's parameters for one account, and until when.
CREATE TABLE IF NOT EXISTS rolecall.scope (
    account name NOT NULL,
    role name NOT NULL,
    "values" jsonb NOT NULL,
    ends timestamptz
);

CREATE UNIQUE INDEX IF NOT EXISTS scope_key
ON rolecall.scope (account, role, "values", (coalesce(ends, 'infinity'::timestamptz)));

-- Tables whose row security Rolecall turned on.
CREATE TABLE IF NOT EXISTS rolecall.row_security (
    table_schema name,
    table_name name,
    PRIMARY KEY (table_schema, table_name)
);

-- What Rolecall wrote as a row policy, and what PostgreSQL printed back right after.
CREATE TABLE IF NOT EXISTS rolecall.seal (
    table_schema name,
    table_name name,
    policy name,
    source text NOT NULL,
    using_text text,
    check_text text,
    PRIMARY KEY (table_schema, table_name, policy)
);

-- The values that the account of this session has for a parameter. session_user: SET ROLE does not change it.
CREATE OR REPLACE FUNCTION rolecall.scope(role name, parameter text) RETURNS text[]
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $rolecall$
BEGIN
    RETURN coalesce((
        SELECT array_agg(DISTINCT held."values" ->> $2)
        FROM rolecall.scope AS held
        WHERE held.account = session_user AND held.role = $1 AND held."values" ? $2
        AND (held.ends IS NULL OR held.ends > clock_timestamp())
    ), '{}');
END
$rolecall$;

-- The same, one scope at a time: for filters with several parameters, whose values belong together.
CREATE OR REPLACE FUNCTION rolecall.scopes(role name) RETURNS SETOF jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $rolecall$
BEGIN
    RETURN QUERY
        SELECT held."values"
        FROM rolecall.scope AS held
        WHERE held.account = session_user AND held.role = $1
        AND (held.ends IS NULL OR held.ends > clock_timestamp());
END
$rolecall$;

-- Whoever was given anything here, by hand or by default privileges, loses it.
DO $rolecall$
DECLARE
    held record;
BEGIN
    FOR held IN
        SELECT DISTINCT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END AS name
        FROM (
            SELECT nspacl AS acl FROM pg_namespace WHERE nspname = 'rolecall'
            UNION ALL
            SELECT relacl FROM pg_class WHERE relnamespace = 'rolecall'::regnamespace
            UNION ALL
            SELECT attacl FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
            WHERE relnamespace = 'rolecall'::regnamespace
            UNION ALL
            SELECT coalesce(proacl, acldefault('f', proowner)) FROM pg_proc
            WHERE pronamespace = 'rolecall'::regnamespace
        ) AS acls, aclexplode(acl)
        WHERE grantee <> quote_ident(current_user)::regrole
    LOOP
        EXECUTE format('REVOKE ALL ON SCHEMA rolecall FROM %s CASCADE', held.name);
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA rolecall FROM %s CASCADE', held.name);
        EXECUTE format('REVOKE ALL ON ALL ROUTINES IN SCHEMA rolecall FROM %s CASCADE', held.name);
    END LOOP;
END
$rolecall$;

GRANT USAGE ON SCHEMA rolecall TO rolecall;

GRANT EXECUTE ON FUNCTION rolecall.scope(name, text), rolecall.scopes(name) TO rolecall;
