//! Rolecall's own schema in one database.

use std::collections::BTreeMap;

use rolecall_core::state::{Helper, Scope, Seal};
use sqlx::postgres::PgConnection;

use super::time::instant;
use crate::postgres::copy::{Row, copy};
use crate::postgres::error::EngineError;

/// What stands before the fingerprint in the schema's comment.
const PREFIX: &str = "rolecall: ";

/// Rolecall's schema, if it is there. Tables that are missing or not as expected count as empty: the fingerprint
/// tells that the schema is not as it was installed.
pub(super) async fn read(conn: &mut PgConnection) -> Result<Option<Helper>, EngineError> {
    let (mut found, mut scopes, mut secured, mut seals) = (None, false, false, false);
    copy(conn, "read the schema rolecall", include_str!("sql/helper.sql"), |row| {
        let installed = row.get(0).map(|comment| comment.strip_prefix(PREFIX).unwrap_or(comment).to_owned());
        found = Some(Helper { installed, ..Helper::default() });
        (scopes, secured, seals) = (row.flag(1), row.flag(2), row.flag(3));
        Ok(())
    })
    .await?;
    let Some(mut helper) = found else { return Ok(None) };
    let fingerprint = include_str!("../render/helper_fingerprint.sql");
    copy(conn, "fingerprint the schema rolecall", fingerprint, |row| {
        row.text(0).map(|text| text.clone_into(&mut helper.fingerprint))
    })
    .await?;
    if scopes {
        let sql = include_str!("sql/helper_scopes.sql");
        copy(conn, "read rolecall.scope", sql, |row| scope(row).map(|scope| helper.scopes.push(scope))).await?;
    }
    if secured {
        let sql = include_str!("sql/helper_secured.sql");
        let table = |row: &Row<'_>| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned()));
        copy(conn, "read rolecall.row_security", sql, |row| table(row).map(|table| helper.secured.push(table))).await?;
    }
    if seals {
        let sql = include_str!("sql/helper_seals.sql");
        copy(conn, "read rolecall.seal", sql, |row| seal(row).map(|seal| helper.seals.push(seal))).await?;
    }
    Ok(Some(helper))
}

fn scope(row: &Row<'_>) -> Result<Scope, EngineError> {
    let values: BTreeMap<String, serde_json::Value> =
        serde_json::from_str(row.text(2)?).map_err(|error| row.wrong(error))?;
    // Rolecall writes strings; whatever else somebody put there must show up as a difference, not as a failure.
    let text = |value| if let serde_json::Value::String(text) = value { text } else { value.to_string() };
    Ok(Scope {
        account: row.text(0)?.to_owned(),
        role: row.text(1)?.to_owned(),
        values: values.into_iter().map(|(name, value)| (name, text(value))).collect(),
        ends: row.get(3).map(instant),
    })
}

fn seal(row: &Row<'_>) -> Result<Seal, EngineError> {
    Ok(Seal {
        schema: row.text(0)?.to_owned(),
        table: row.text(1)?.to_owned(),
        policy: row.text(2)?.to_owned(),
        source: row.text(3)?.to_owned(),
        using: row.get(4).map(str::to_owned),
        check: row.get(5).map(str::to_owned),
    })
}
