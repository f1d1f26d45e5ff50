//! Everything with an owner and an ACL: all questions about it answer with the same first ten columns.

use std::collections::HashSet;
use std::sync::Arc;

use rolecall_core::privilege::Kind;
use rolecall_core::state::{Facts, Object, ServerState};
use sqlx::postgres::PgConnection;

use crate::postgres::copy::{Row, copy};
use crate::postgres::error::EngineError;

/// What to ask for inside a database.
const QUESTIONS: [(&str, &str); 8] = [
    ("read tables, views and sequences", include_str!("sql/relations.sql")),
    ("read functions and procedures", include_str!("sql/routines.sql")),
    ("read types", include_str!("sql/types.sql")),
    ("read schemas", include_str!("sql/schemas.sql")),
    ("read languages", include_str!("sql/languages.sql")),
    ("read foreign-data wrappers", include_str!("sql/foreign_data_wrappers.sql")),
    ("read foreign servers", include_str!("sql/foreign_servers.sql")),
    ("read large objects", include_str!("sql/large_objects.sql")),
];

/// Every object of the database that `conn` is in.
pub(super) async fn read(conn: &mut PgConnection, state: &mut ServerState) -> Result<Vec<Object>, EngineError> {
    let mut objects = Vec::new();
    for (what, sql) in QUESTIONS {
        ask(conn, what, sql, state, &mut objects).await?;
    }
    sort(&mut objects);
    Ok(objects)
}

/// Adds the objects that one question answers with.
pub(super) async fn ask(
    conn: &mut PgConnection,
    what: &str,
    sql: &str,
    state: &mut ServerState,
    objects: &mut Vec<Object>,
) -> Result<(), EngineError> {
    let mut schemas = Shared::default();
    let each = |row: &Row<'_>| {
        objects.push(object(row, state, &mut schemas)?);
        Ok(())
    };
    copy(conn, what, sql, each).await
}

/// By kind, schema, name and arguments.
pub(super) fn sort(objects: &mut [Object]) {
    objects.sort_by(|a, b| (a.kind, &a.schema, &a.name, &a.arguments).cmp(&(b.kind, &b.schema, &b.name, &b.arguments)));
}

/// Reads one row.
pub(super) fn object(row: &Row<'_>, state: &mut ServerState, schemas: &mut Shared) -> Result<Object, EngineError> {
    let noun = row.text(0)?;
    let kind = Kind::ALL.into_iter().find(|kind| kind.noun() == noun).ok_or_else(|| row.wrong(noun))?;
    let owner = state.names.intern(row.text(5)?);
    let version = state.identity.version;
    let mut parse = |text| state.acls.parse(text, &mut state.names).map_err(|error| row.wrong(error));
    let acl = row.get(6).map(&mut parse).transpose()?;
    let initial = row.get(9).map(&mut parse).transpose()?;
    Ok(Object {
        kind,
        oid: row.number(1)?,
        schema: row.get(2).map(|name| schemas.get(name)),
        name: row.text(3)?.into(),
        arguments: row.get(4).map(Arc::from),
        owner,
        acl: acl.unwrap_or_else(|| state.acls.default_for(kind, owner, version)),
        extension: row.flag(7),
        system: row.flag(8),
        initial,
        owned_by: row.get(10).map(|_| row.number(10)).transpose()?,
        facts: Facts {
            row_security: row.flag(11),
            force_row_security: row.flag(12),
            security_invoker: row.flag(13),
            security_definer: row.flag(14),
            identity: row.flag(15),
        },
    })
}

/// Texts that many rows have in common, each kept once.
#[derive(Default)]
pub(super) struct Shared(HashSet<Arc<str>>);

impl Shared {
    pub(super) fn get(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = text.into();
        self.0.insert(Arc::clone(&new));
        new
    }
}
