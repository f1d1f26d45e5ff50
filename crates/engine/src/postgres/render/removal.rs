//! What a role leaves behind: other owners for its objects, its grants cleared away, itself dropped.

use rolecall_core::plan::ObjectRef;
use rolecall_core::privilege::Kind;

use super::name::object as name;
use super::text::block;
use super::{Context, RenderError};
use crate::postgres::quote::Ident;

/// Gives an object to another owner.
pub fn set_owner(object: &ObjectRef, owner: &str) -> Result<Vec<String>, RenderError> {
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
    Ok(vec![format!("ALTER {word} {} OWNER TO {}", name(object)?, Ident::role(owner)?)])
}

/// Hands on what the role owns in this database, then clears away what it was granted here and server-wide.
pub fn drop_owned(role: &str, reassign_to: Option<&str>, context: Context) -> Result<Vec<String>, RenderError> {
    let role = Ident::role(role)?;
    let mut statements = vec![join(&role, context)];
    if let Some(heir) = reassign_to {
        statements.push(format!("REASSIGN OWNED BY {role} TO {}", Ident::role(heir)?));
    }
    statements.push(format!("DROP OWNED BY {role}"));
    Ok(statements)
}

/// Both statements want the rights of the role, which a superuser has and others get by membership until it is dropped.
fn join(role: &Ident, context: Context) -> String {
    let options = if context.has_membership_options() { " WITH INHERIT TRUE, SET TRUE" } else { "" };
    block(&format!(
        "BEGIN\n    IF NOT pg_has_role({}, 'USAGE') THEN GRANT {role} TO CURRENT_USER{options}; END IF;\nEND",
        role.literal()
    ))
}

/// Drops the role.
pub fn drop_role(role: &str) -> Result<Vec<String>, RenderError> {
    Ok(vec![format!("DROP ROLE {}", Ident::role(role)?)])
}
