//! What a role leaves behind: other owners for its objects, its grants cleared away, itself dropped.

use rolecall_core::plan::ObjectRef;
use rolecall_core::privilege::Kind;

use super::lend::{Lending, Need};
use super::name::object as name;
use super::{Context, RenderError};
use crate::postgres::quote::Ident;

/// Gives an object to another owner, with the rights of both borrowed where its owner until now is named.
pub fn set_owner(
    object: &ObjectRef,
    owner: &str,
    borrow_from: Option<&str>,
    context: Context,
) -> Result<Vec<String>, RenderError> {
    let word = match object.kind {
        Kind::Table | Kind::PartitionedTable => "TABLE",
        Kind::View => "VIEW",
        Kind::MaterializedView => "MATERIALIZED VIEW",
        Kind::ForeignTable => "FOREIGN TABLE",
        Kind::Sequence => "SEQUENCE",
        Kind::Function | Kind::Procedure => "ROUTINE",
        Kind::Type => "TYPE",
        Kind::Domain => "DOMAIN",
        Kind::Schema => "SCHEMA",
        Kind::Database => "DATABASE",
        Kind::Language => "LANGUAGE",
        Kind::ForeignDataWrapper => "FOREIGN DATA WRAPPER",
        Kind::ForeignServer => "SERVER",
        Kind::Tablespace => "TABLESPACE",
        Kind::LargeObject => "LARGE OBJECT",
        Kind::Parameter => return Err(RenderError::NoOwner(object.kind.noun())),
    };
    let owner = Ident::role(owner)?;
    let alter = format!("ALTER {word} {} OWNER TO {owner}", name(object)?);
    let Some(from) = borrow_from else { return Ok(vec![alter]) };
    let mut lending = Lending::default();
    lending.borrow_role(&Ident::role(from)?, Need::Rights, context);
    lending.borrow_role(&owner, Need::Set, context);
    Ok(vec![lending.around(&[alter])])
}

/// Hands on what the role owns in this database and server-wide.
///
/// That takes the rights of the role, and of the one that takes over.
pub fn reassign_owned(from: &str, to: &str, context: Context) -> Result<Vec<String>, RenderError> {
    let (from, to) = (Ident::role(from)?, Ident::role(to)?);
    let mut lending = Lending::default();
    lending.borrow_role(&from, Need::Rights, context);
    lending.borrow_role(&to, Need::Rights, context);
    Ok(vec![lending.around(&[format!("REASSIGN OWNED BY {from} TO {to}")])])
}

/// Hands on what the role owns in this database, then clears away what it was granted here and server-wide.
///
/// That takes the rights of the role, and of the one that takes over.
pub fn drop_owned(role: &str, reassign_to: Option<&str>, context: Context) -> Result<Vec<String>, RenderError> {
    let role = Ident::role(role)?;
    let (mut lending, mut statements) = (Lending::default(), vec![]);
    lending.borrow_role(&role, Need::Rights, context);
    if let Some(heir) = reassign_to {
        let heir = Ident::role(heir)?;
        lending.borrow_role(&heir, Need::Rights, context);
        statements.push(format!("REASSIGN OWNED BY {role} TO {heir}"));
    }
    statements.push(format!("DROP OWNED BY {role}"));
    Ok(vec![lending.around(&statements)])
}

/// Drops the role.
pub fn drop_role(role: &str) -> Result<Vec<String>, RenderError> {
    Ok(vec![format!("DROP ROLE {}", Ident::role(role)?)])
}
