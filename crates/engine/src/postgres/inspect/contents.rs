//! What is inside one database.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_core::policy::pattern::Pattern;
use rolecall_core::state::{
    Column, Contents, DefaultAcl, DefaultKind, Object, PolicyCommand, RoleId, RowPolicy, ServerState,
};
use sqlx::postgres::PgConnection;

use super::helper;
use super::objects::{self, Shared};
use crate::postgres::copy::copy;
use crate::postgres::error::EngineError;

/// The empty list in `sql/columns.sql`.
const NO_TABLES: &str = "'{}'";

/// Everything in the database that `conn` is in; columns also of the tables that one of `patterns` reaches.
pub(super) async fn read(
    conn: &mut PgConnection,
    state: &mut ServerState,
    patterns: &[Pattern],
) -> Result<Contents, EngineError> {
    let objects = objects::read(conn, state).await?;
    let columns = columns(conn, state, &wanted_tables(&objects, patterns)).await?;
    Ok(Contents {
        objects,
        columns,
        default_acls: default_acls(conn, state).await?,
        row_policies: row_policies(conn, state).await?,
        reads: pairs(conn, "read what views read", include_str!("sql/reads.sql")).await?,
        parents: pairs(conn, "read which tables are parts of which", include_str!("sql/parents.sql")).await?,
        helper: helper::read(conn).await?,
        other_owned: other_owned(conn, state).await?,
        temporary: temporary(conn, state).await?,
    })
}

/// The oids of the tables that one of the patterns reaches.
fn wanted_tables(objects: &[Object], patterns: &[Pattern]) -> Vec<u32> {
    let relations = objects.iter().filter(|object| object.kind.is_relation());
    let reached = relations.filter(|object| {
        patterns.iter().any(|pattern| pattern.matches(object.kind, object.schema.as_deref(), &object.name, None))
    });
    reached.map(|object| object.oid).collect()
}

async fn columns(
    conn: &mut PgConnection,
    state: &mut ServerState,
    tables: &[u32],
) -> Result<BTreeMap<u32, Vec<Column>>, EngineError> {
    let oids = tables.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
    let sql = include_str!("sql/columns.sql").replace(NO_TABLES, &format!("'{{{oids}}}'"));
    let (mut columns, mut types) = (BTreeMap::<u32, Vec<Column>>::new(), Shared::default());
    copy(conn, "read columns", &sql, |row| {
        let parse = |text| state.acls.parse(text, &mut state.names).map_err(|error| row.wrong(error));
        let acl = row.get(4).map(parse).transpose()?;
        let (name, sql_type) = (row.text(2)?.into(), types.get(row.text(3)?));
        columns.entry(row.number(0)?).or_default().push(Column { number: row.number(1)?, name, sql_type, acl });
        Ok(())
    })
    .await?;
    Ok(columns)
}

async fn default_acls(conn: &mut PgConnection, state: &mut ServerState) -> Result<Vec<DefaultAcl>, EngineError> {
    let mut found = Vec::new();
    copy(conn, "read default privileges", include_str!("sql/default_acls.sql"), |row| {
        let letter = row.letter(2)?;
        let kind = DefaultKind::from_letter(letter).ok_or_else(|| row.wrong(letter))?;
        let acl = state.acls.parse(row.text(3)?, &mut state.names).map_err(|error| row.wrong(error))?;
        let creator = state.names.intern(row.text(0)?);
        found.push(DefaultAcl { creator, schema: row.get(1).map(Into::into), kind, acl });
        Ok(())
    })
    .await?;
    Ok(found)
}

async fn row_policies(conn: &mut PgConnection, state: &mut ServerState) -> Result<Vec<RowPolicy>, EngineError> {
    let mut found = Vec::new();
    copy(conn, "read row policies", include_str!("sql/row_policies.sql"), |row| {
        let letter = row.letter(2)?;
        let roles: Vec<String> = serde_json::from_str(row.text(4)?).map_err(|error| row.wrong(error))?;
        let id = |name: String| if name.is_empty() { RoleId::PUBLIC } else { state.names.intern(&name) };
        found.push(RowPolicy {
            table: row.number(0)?,
            name: row.text(1)?.to_owned(),
            command: PolicyCommand::from_letter(letter).ok_or_else(|| row.wrong(letter))?,
            permissive: row.flag(3),
            roles: roles.into_iter().map(id).collect(),
            using: row.get(5).map(str::to_owned),
            check: row.get(6).map(str::to_owned),
        });
        Ok(())
    })
    .await?;
    Ok(found)
}

async fn pairs(
    conn: &mut PgConnection,
    what: &'static str,
    sql: &'static str,
) -> Result<BTreeMap<u32, Vec<u32>>, EngineError> {
    let mut pairs = BTreeMap::<u32, Vec<u32>>::new();
    copy(conn, what, sql, |row| {
        pairs.entry(row.number(0)?).or_default().push(row.number(1)?);
        Ok(())
    })
    .await?;
    Ok(pairs)
}

async fn other_owned(conn: &mut PgConnection, state: &mut ServerState) -> Result<Vec<(String, RoleId)>, EngineError> {
    let mut found = Vec::new();
    copy(conn, "read what else owned roles own", include_str!("sql/other_owned.sql"), |row| {
        found.push((row.text(0)?.to_owned(), state.names.intern(row.text(1)?)));
        Ok(())
    })
    .await?;
    Ok(found)
}

async fn temporary(conn: &mut PgConnection, state: &mut ServerState) -> Result<BTreeSet<RoleId>, EngineError> {
    let mut found = BTreeSet::new();
    copy(conn, "read who has temporary things", include_str!("sql/temporary.sql"), |row| {
        found.insert(state.names.intern(row.text(0)?));
        Ok(())
    })
    .await?;
    Ok(found)
}
