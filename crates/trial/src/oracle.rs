//! What PostgreSQL itself says: who may do what by `has_*_privilege`, and which rows a session really sees and changes.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use futures_util::StreamExt;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Either, Executor, Row};

use crate::large;
use crate::reference::Access;
use crate::world::{World, ident};
use crate::write;

/// Every role with what it holds in the database, by name. `@` stands for the versions' own privileges on relations, `#` for
/// large objects.
const MATRIX: &str = "
WITH who AS (SELECT oid, rolname::text, rolcanlogin FROM pg_roles
    WHERE rolname !~ '^pg_' AND rolname NOT IN ('postgres', 'rolecall', 'admin')),
relations AS (SELECT c.oid, format('%s.%s', quote(nspname), quote(relname)) AS name, relkind
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace
    WHERE nspname !~ '^pg_|^information_schema$|^rolecall$' AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')),
keys AS (
    SELECT who.oid, format('%s %s', name, p) AS key FROM who, relations, unnest(ARRAY[@]) AS p
        WHERE relkind <> 'S' AND has_table_privilege(who.oid, relations.oid, p)
    UNION ALL SELECT who.oid, format('%s %s', name, p) FROM who, relations, unnest(ARRAY['USAGE', 'SELECT', 'UPDATE']) AS p
        WHERE relkind = 'S' AND has_sequence_privilege(who.oid, relations.oid, p)
    UNION ALL SELECT who.oid, format('%s column %s %s', name, attname, p)
        FROM who, relations JOIN pg_attribute ON attrelid = relations.oid AND attnum > 0 AND NOT attisdropped,
        unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) AS p
        WHERE relkind <> 'S' AND has_column_privilege(who.oid, relations.oid, attnum, p)
    UNION ALL SELECT who.oid, format('%s.%s(%s) EXECUTE', quote(nspname), quote(proname), oidvectortypes(proargtypes))
        FROM who, pg_proc JOIN pg_namespace AS n ON n.oid = pronamespace
        WHERE nspname !~ '^pg_|^information_schema$|^rolecall$' AND has_function_privilege(who.oid, pg_proc.oid, 'EXECUTE')
    UNION ALL SELECT who.oid, format('%s.%s USAGE', quote(nspname), quote(typname))
        FROM who, pg_type JOIN pg_namespace AS n ON n.oid = typnamespace
        WHERE nspname !~ '^pg_|^information_schema$|^rolecall$' AND typtype IN ('e', 'd', 'b') AND typcategory <> 'A'
        AND has_type_privilege(who.oid, pg_type.oid, 'USAGE')
    UNION ALL SELECT who.oid, format('schema %s %s', quote(nspname), p)
        FROM who, pg_namespace AS n, unnest(ARRAY['USAGE', 'CREATE']) AS p
        WHERE nspname !~ '^pg_|^information_schema$|^rolecall$|^public$' AND has_schema_privilege(who.oid, n.oid, p)
    UNION ALL SELECT who.oid, format('database %s', p) FROM who, unnest(ARRAY['CONNECT', 'CREATE', 'TEMPORARY']) AS p
        WHERE has_database_privilege(who.oid, current_database(), p)
    UNION ALL #)
SELECT rolname, rolcanlogin, (SELECT coalesce(array_agg(key), '{}') FROM keys WHERE keys.oid = who.oid) FROM who";

/// What everybody can do right now, by role.
pub type Observed = BTreeMap<String, Access>;

/// Asks for everybody.
pub async fn observe(conn: &mut PgConnection, world: &World, version: u32) -> anyhow::Result<Observed> {
    let mut relation = "'SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'".to_owned();
    if version >= 17 {
        relation.push_str(", 'MAINTAIN'");
    }
    let matrix = MATRIX.replace('@', &relation).replace('#', large::keys(version)).replace("quote(", "pg_temp.quote(");
    let rows = conn.fetch_all(sqlx::raw_sql(AssertSqlSafe(matrix.as_str()))).await.context("the matrix")?;
    let mut observed = Observed::new();
    for row in rows {
        let keys: Vec<String> = row.try_get(2)?;
        let access = Access { login: row.try_get(1)?, privileges: keys.into_iter().collect(), rows: BTreeMap::new() };
        observed.insert(row.try_get(0)?, access);
    }
    for (role, access) in &mut observed {
        let begin = format!("BEGIN; SET LOCAL SESSION AUTHORIZATION {}", ident(role));
        run(conn, &begin).await.with_context(|| format!("become {role}"))?;
        access.rows = rows_of(conn, world, &access.privileges).await.with_context(|| format!("rows of {role}"))?;
        large::tried(conn, world, &access.privileges).await.with_context(|| format!("large objects of {role}"))?;
        run(conn, "ROLLBACK").await?;
    }
    Ok(observed)
}

/// The rows that the session sees, and those that its UPDATE and DELETE reach.
async fn rows_of(
    conn: &mut PgConnection,
    world: &World,
    privileges: &BTreeSet<String>,
) -> anyhow::Result<BTreeMap<(&'static str, String), BTreeSet<i32>>> {
    let mut found = BTreeMap::new();
    for thing in world.things.iter().filter(|thing| thing.sort.is_table() || thing.view.is_some()) {
        let name = world.sql_name(thing);
        let schema = world.schemas.get(thing.schema).map_or(String::new(), |schema| ident(&schema.name));
        let has = |what: &str| privileges.contains(&format!("{name} {what}"));
        if !privileges.contains(&format!("schema {schema} USAGE")) {
            continue;
        }
        // A view may not read what is behind it, or takes no changes.
        let refused: &[&str] = if thing.view.is_some() { &["42501", "55000", "0A000"] } else { &[] };
        if has("column id SELECT") {
            let sql = format!("SELECT id FROM {name}");
            if let Some((rows, _)) = attempt(conn, &sql, refused).await? {
                let ids = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
                found.insert(("SELECT", name.clone()), ids);
            }
        }
        if thing.sort.is_table() {
            let tried = write::try_on(conn, &name, has).await?;
            found.extend(tried.into_iter().map(|(what, rows)| ((what, name.clone()), rows)));
        }
        // Without WHERE and RETURNING, neither needs SELECT; only how many rows it reached is known then.
        for (privilege, what, sql) in [
            ("UPDATE", "column note UPDATE", format!("UPDATE {name} SET note = 'changed'")),
            ("DELETE", "DELETE", format!("DELETE FROM {name}")),
        ] {
            if has(what)
                && thing.sort != crate::world::Sort::MaterializedView
                && let Some((_, count)) = attempt(conn, &sql, refused).await?
            {
                found.insert((privilege, name.clone()), (1..=i32::try_from(count)?).collect());
            }
        }
    }
    Ok(found)
}

/// What a statement answers, and how many rows it reaches, which is then undone; None where it is refused with one of
/// these states.
pub async fn attempt(
    conn: &mut PgConnection,
    sql: &str,
    refused: &[&str],
) -> anyhow::Result<Option<(Vec<PgRow>, u64)>> {
    let whole = format!("SAVEPOINT probe; {sql}; ROLLBACK TO probe");
    let (mut rows, mut count) = (Vec::new(), 0);
    let mut answers = conn.fetch_many(sqlx::raw_sql(AssertSqlSafe(whole.as_str())));
    while let Some(answer) = answers.next().await {
        match answer {
            Ok(Either::Left(done)) => count += done.rows_affected(),
            Ok(Either::Right(row)) => rows.push(row),
            Err(sqlx::Error::Database(error)) if refused.contains(&error.code().unwrap_or_default().as_ref()) => {
                drop(answers);
                run(conn, "ROLLBACK TO probe").await?;
                return Ok(None);
            }
            Err(error) => return Err(error).context(sql.to_owned()),
        }
    }
    drop(answers);
    Ok(Some((rows, count)))
}

/// Everything in the catalogs about roles that Rolecall does not own, but for privileges: attributes, settings and
/// memberships.
pub async fn strangers(conn: &mut PgConnection) -> anyhow::Result<Vec<String>> {
    let ours = "pg_has_role_in(oid)";
    let sql = format!(
        "SELECT line FROM (
            SELECT to_jsonb(a)::text AS line FROM pg_authid AS a WHERE NOT {ours} AND rolname NOT IN ('rolecall', 'admin')
            UNION ALL SELECT (to_jsonb(m) - 'oid')::text FROM pg_auth_members AS m
                WHERE NOT {} AND NOT {} AND member <> coalesce(to_regrole('admin'), 0) AND roleid <> coalesce(to_regrole('rolecall'), 0)
            UNION ALL SELECT to_jsonb(s)::text FROM pg_db_role_setting AS s WHERE NOT {}
        ) AS lines ORDER BY 1",
        ours.replace("oid", "m.roleid"),
        ours.replace("oid", "m.member"),
        ours.replace("oid", "setrole"),
    );
    let sql = sql.replace("pg_has_role_in", "pg_temp.ours");
    let rows = conn.fetch_all(sqlx::raw_sql(AssertSqlSafe(sql.as_str()))).await.context("strangers")?;
    Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
}

/// Extensions that the server could make.
pub async fn extensions(conn: &mut PgConnection) -> anyhow::Result<BTreeSet<String>> {
    let rows = conn.fetch_all("SELECT name::text FROM pg_available_extensions").await.context("extensions")?;
    Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
}

/// Defines what the questions call: names always in quotes, and who bears the mark.
pub async fn prepare(conn: &mut PgConnection) -> anyhow::Result<()> {
    run(
        conn,
        "CREATE FUNCTION pg_temp.quote(name) RETURNS text LANGUAGE sql AS
            $$ SELECT '\"' || replace($1::text, '\"', '\"\"') || '\"' $$;
        CREATE FUNCTION pg_temp.ours(oid) RETURNS boolean LANGUAGE sql AS
            $$ SELECT EXISTS (SELECT FROM pg_auth_members WHERE member = $1 AND roleid = to_regrole('rolecall')) $$",
    )
    .await
}

/// Runs statements.
pub async fn run(conn: &mut PgConnection, sql: &str) -> anyhow::Result<()> {
    conn.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.with_context(|| sql.to_owned()).map(drop)
}
