//! Row security of a table: its policies, the switch, and a note of what Rolecall wrote and what PostgreSQL made of it.

use rolecall_core::desire::POLICY_PREFIX;
use rolecall_core::plan::{ObjectRef, RowPolicyDef};

use super::RenderError;
use super::filter::rows;
use super::name::{name_literal, qualified, roles};
use crate::postgres::quote::{Ident, Literal};

/// Puts and drops policies and turns row security on or off, in an order that shows nobody more in between.
pub fn secure(
    table: &ObjectRef,
    put: &[RowPolicyDef],
    drop: &[String],
    row_security: Option<bool>,
) -> Result<Vec<String>, RenderError> {
    let place = Place::of(table)?;
    let mut statements = Vec::new();
    for policy in put {
        statements.push(format!("DROP POLICY IF EXISTS {} ON {}", Ident::new(&policy.name)?, place.table));
        statements.push(create(policy, &place)?);
    }
    for policy in drop {
        statements.push(format!("DROP POLICY IF EXISTS {} ON {}", Ident::new(policy)?, place.table));
        // Of policies that others wrote there is no note, and often no schema to note it in.
        if policy.starts_with(POLICY_PREFIX) {
            statements.push(place.forget(policy)?);
        }
    }
    if let Some(on) = row_security {
        statements.extend(place.switch(on));
    }
    for policy in put {
        statements.push(place.seal(policy)?);
    }
    Ok(statements)
}

fn create(policy: &RowPolicyDef, place: &Place) -> Result<String, RenderError> {
    if policy.roles.is_empty() {
        return Err(RenderError::NoRoles(policy.name.clone()));
    }
    let (name, rows) = (Ident::new(&policy.name)?, rows(&policy.rows)?);
    let mut sql = format!("CREATE POLICY {name} ON {} AS PERMISSIVE", place.table);
    sql += &format!("\nFOR {} TO {}", policy.command.sql(), roles(&policy.roles)?);
    if policy.has_using() {
        sql += &format!("\nUSING (\n{rows}\n)");
    }
    if policy.has_check() {
        sql += &format!("\nWITH CHECK (\n{rows}\n)");
    }
    Ok(sql)
}

/// The table as a name in SQL and as two values.
struct Place {
    table: String,
    schema: Literal,
    name: Literal,
}

impl Place {
    fn of(table: &ObjectRef) -> Result<Self, RenderError> {
        let schema = name_literal(table.schema.as_deref().unwrap_or(""))?;
        Ok(Self { table: qualified(table)?, schema, name: name_literal(&table.name)? })
    }

    /// Rolecall turns off only what it turned on: it keeps a list.
    fn switch(&self, on: bool) -> [String; 2] {
        let Self { table, schema, name } = self;
        if on {
            [
                format!("ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"),
                format!(
                    "INSERT INTO rolecall.row_security (table_schema, table_name)\n\
                     VALUES ({schema}, {name}) ON CONFLICT DO NOTHING"
                ),
            ]
        } else {
            [
                format!("ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"),
                format!("DELETE FROM rolecall.row_security WHERE table_schema = {schema} AND table_name = {name}"),
            ]
        }
    }

    /// Keeps PostgreSQL's own print of the policy: whoever changes it by hand changes that.
    fn seal(&self, policy: &RowPolicyDef) -> Result<String, RenderError> {
        let Self { table, schema, name } = self;
        let (policy_name, source) = (name_literal(&policy.name)?, Literal::new(&policy.source())?);
        Ok(format!(
            "INSERT INTO rolecall.seal (table_schema, table_name, policy, source, using_text, check_text)\n\
             SELECT {schema}, {name}, polname, {source},\n    \
             pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)\n\
             FROM pg_policy WHERE polrelid = {}::regclass AND polname = {policy_name}\n\
             ON CONFLICT (table_schema, table_name, policy) DO UPDATE\n\
             SET source = excluded.source, using_text = excluded.using_text, check_text = excluded.check_text",
            Literal::new(table)?
        ))
    }

    fn forget(&self, policy: &str) -> Result<String, RenderError> {
        let Self { schema, name, .. } = self;
        Ok(format!(
            "DELETE FROM rolecall.seal WHERE table_schema = {schema} AND table_name = {name} AND policy = {}",
            name_literal(policy)?
        ))
    }
}
