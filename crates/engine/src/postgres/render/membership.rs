//! Memberships. From PostgreSQL 16 on each has options and a grantor that must be named.

use rolecall_core::plan::MembershipPart;

use super::name::roles;
use super::{Context, RenderError};
use crate::postgres::quote::Ident;

/// Makes `members` members of `role`: they inherit from it and can neither become it nor pass it on.
pub fn grant(role: &str, members: &[String], context: Context) -> Result<Vec<String>, RenderError> {
    if members.is_empty() {
        return Ok(vec![]);
    }
    // SET is named because it is true by default, even where the edge stood without it.
    let options = if context.has_membership_options() { " WITH INHERIT TRUE, SET FALSE, ADMIN FALSE" } else { "" };
    Ok(vec![format!("GRANT {} TO {}{options}", Ident::role(role)?, roles(members)?)])
}

/// Ends a membership or takes an option of it away.
pub fn revoke(
    role: &str,
    member: &str,
    grantor: &str,
    part: MembershipPart,
    context: Context,
) -> Result<Vec<String>, RenderError> {
    let modern = context.has_membership_options();
    let (option, cascade) = match part {
        // Not CASCADE: what the member passed on is in the plan as steps of its own, before this one.
        MembershipPart::Whole => ("", ""),
        // Before 16 nobody recorded what hangs on an ADMIN OPTION.
        MembershipPart::Admin => ("ADMIN OPTION FOR ", if modern { " CASCADE" } else { "" }),
        MembershipPart::Set if modern => ("SET OPTION FOR ", ""),
        MembershipPart::Set => return Err(RenderError::TooOld { what: "a membership's SET option", since: 16 }),
    };
    let by = if modern { format!(" GRANTED BY {}", Ident::role(grantor)?) } else { String::new() };
    Ok(vec![format!("REVOKE {option}{} FROM {}{by}{cascade}", Ident::role(role)?, Ident::role(member)?)])
}
