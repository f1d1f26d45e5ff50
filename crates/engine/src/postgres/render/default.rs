//! Default privileges: what is granted on objects that do not exist yet.

use rolecall_core::plan::Grantee;
use rolecall_core::privilege::PrivilegeSet;
use rolecall_core::state::DefaultKind;

use super::RenderError;
use super::name::grantees as names;
use crate::postgres::quote::{Ident, QuoteError};

/// Objects that will be made.
pub struct Future<'a> {
    /// By whom.
    pub creator: &'a str,
    /// In which schema; None: everywhere.
    pub schema: Option<&'a str>,
    /// Of which kind.
    pub kind: DefaultKind,
}

/// Grants privileges on future objects.
pub fn grant(future: &Future<'_>, privileges: PrivilegeSet, grantees: &[Grantee]) -> Result<Vec<String>, RenderError> {
    if privileges.is_empty() || grantees.is_empty() {
        return Ok(vec![]);
    }
    let (alter, on) = (future.alter()?, future.kind.sql());
    Ok(vec![format!("{alter} GRANT {privileges} ON {on} TO {}", names(grantees)?)])
}

/// Revokes privileges on future objects, or only the option to pass them on.
pub fn revoke(
    future: &Future<'_>,
    privileges: PrivilegeSet,
    grantees: &[Grantee],
    option_only: bool,
) -> Result<Vec<String>, RenderError> {
    if privileges.is_empty() || grantees.is_empty() {
        return Ok(vec![]);
    }
    let (alter, on) = (future.alter()?, future.kind.sql());
    let option = if option_only { "GRANT OPTION FOR " } else { "" };
    Ok(vec![format!("{alter} REVOKE {option}{privileges} ON {on} FROM {}", names(grantees)?)])
}

impl Future<'_> {
    fn alter(&self) -> Result<String, QuoteError> {
        let place = match self.schema {
            Some(schema) => format!(" IN SCHEMA {}", Ident::new(schema)?),
            None => String::new(),
        };
        Ok(format!("ALTER DEFAULT PRIVILEGES FOR ROLE {}{place}", Ident::role(self.creator)?))
    }
}
