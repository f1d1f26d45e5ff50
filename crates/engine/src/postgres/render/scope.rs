//! Scopes: which account may see which rows. Data, so that giving them locks no table.

use rolecall_core::state::Scope;

use super::RenderError;
use super::name::name_literal;
use crate::postgres::quote::{Literal, QuoteError};

/// Rows per statement: few round trips, and statements that a log still takes.
const ROWS: usize = 1000;

/// Adds the rows that are not there yet.
pub fn add(scopes: &[Scope]) -> Result<Vec<String>, RenderError> {
    let statement = |scopes| -> Result<String, RenderError> {
        Ok(format!(
            "INSERT INTO rolecall.scope (account, role, \"values\", ends)\n{}\nON CONFLICT DO NOTHING",
            values(scopes)?
        ))
    };
    scopes.chunks(ROWS).map(statement).collect()
}

/// Removes exactly these rows: the same values with another end are another scope.
pub fn remove(scopes: &[Scope]) -> Result<Vec<String>, RenderError> {
    let statement = |scopes| -> Result<String, RenderError> {
        Ok(format!(
            "DELETE FROM rolecall.scope AS held\nUSING ({}) AS gone (account, role, \"values\", ends)\n\
             WHERE held.account = gone.account AND held.role = gone.role\n    \
             AND held.\"values\" = gone.\"values\" AND held.ends IS NOT DISTINCT FROM gone.ends",
            values(scopes)?
        ))
    };
    scopes.chunks(ROWS).map(statement).collect()
}

/// `VALUES (…), (…)`. The first row's casts give the columns their types.
fn values(scopes: &[Scope]) -> Result<String, QuoteError> {
    let mut rows = Vec::with_capacity(scopes.len());
    for (index, scope) in scopes.iter().enumerate() {
        let (account, role) = (name_literal(&scope.account)?, name_literal(&scope.role)?);
        let json = json(scope)?;
        let ends = match &scope.ends {
            Some(end) => Literal::new(end)?.to_string(),
            None => "NULL".to_owned(),
        };
        rows.push(match index {
            0 => format!("({account}::name, {role}::name, {json}::jsonb, {ends}::timestamptz)"),
            _ => format!("({account}, {role}, {json}, {ends})"),
        });
    }
    Ok(format!("VALUES\n    {}", rows.join(",\n    ")))
}

fn json(scope: &Scope) -> Result<Literal, QuoteError> {
    // JSON would hide a NUL as \u0000, which jsonb refuses with a message that names nobody.
    for text in scope.values.keys().chain(scope.values.values()) {
        Literal::new(text)?;
    }
    Literal::new(&serde_json::to_string(&scope.values).unwrap_or_default())
}
