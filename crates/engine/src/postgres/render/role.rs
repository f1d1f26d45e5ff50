//! Roles: the marker, new ones, their attributes and comments.

use rolecall_core::plan::Attribute;
use rolecall_core::state::MARKER;

use super::{Context, RenderError};
use crate::postgres::quote::{Ident, Literal, QuoteError};

/// What a role is born without. It can be said by a role without SUPERUSER too, since it changes nothing.
const NOTHING: &str = "NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS";

/// The role that marks what Rolecall owns.
pub fn create_marker(text: &str) -> Result<Vec<String>, RenderError> {
    let marker = Ident::role(MARKER)?;
    let create = format!("CREATE ROLE {marker} {NOTHING} NOINHERIT");
    Ok([vec![create], comment(MARKER, text)?].concat())
}

/// A role, marked as Rolecall's own before anything else happens to it.
pub fn create(role: &str, text: &str, context: Context) -> Result<Vec<String>, RenderError> {
    let (name, marker) = (Ident::role(role)?, Ident::role(MARKER)?);
    let create = format!("CREATE ROLE {name} {NOTHING} INHERIT");
    // It inherits what the marker may do: call the function that reads its scopes. It may not become the marker.
    let options = if context.has_membership_options() { " WITH INHERIT TRUE, SET FALSE, ADMIN FALSE" } else { "" };
    let mark = format!("GRANT {marker} TO {name}{options}");
    Ok([vec![create, mark], comment(role, text)?].concat())
}

/// Says whose role it is.
pub fn comment(role: &str, text: &str) -> Result<Vec<String>, RenderError> {
    Ok(vec![format!("COMMENT ON ROLE {} IS {}", Ident::role(role)?, Literal::new(text)?)])
}

/// Sets attributes.
pub fn alter(role: &str, attributes: &[Attribute]) -> Result<Vec<String>, RenderError> {
    if attributes.is_empty() {
        return Ok(vec![]);
    }
    let words = attributes.iter().map(attribute).collect::<Result<Vec<_>, _>>()?;
    Ok(vec![format!("ALTER ROLE {} {}", Ident::role(role)?, words.join(" "))])
}

fn attribute(attribute: &Attribute) -> Result<String, QuoteError> {
    let quoted = |(words, value)| Ok(format!("{words} {}", Literal::new(value)?));
    attribute.words().or_else(quoted)
}
