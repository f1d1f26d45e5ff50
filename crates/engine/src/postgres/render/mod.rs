//! Writes the SQL for one change. Each family of changes has a file; a new kind of change does not compile without its SQL.

mod default;
mod expected;
mod filter;
mod grant;
mod helper;
mod lend;
mod membership;
mod name;
mod policy;
mod removal;
mod role;
mod scope;
mod session;
mod setting;
mod text;

use rolecall_core::plan::{Attribute, Change};

pub use expected::expected_condition;
pub(crate) use name::qualified;
pub use rolecall_core::policy::condition::ConditionError;

use super::quote::QuoteError;

/// What the SQL of a change depends on beside the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    /// `server_version_num`, such as 150018.
    pub version: u32,
}

impl Context {
    /// Memberships have INHERIT and SET options and a grantor that counts (PostgreSQL 16 and later).
    const fn has_membership_options(self) -> bool {
        self.version >= 160_000
    }
}

/// A change cannot be written as SQL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// A name or value in it cannot stand in SQL.
    #[error(transparent)]
    Quote(#[from] QuoteError),
    /// The SQL that a policy gives as a condition does not keep to itself.
    #[error("the condition cannot be used: {0}")]
    Condition(#[from] ConditionError),
    /// A type or a routine's arguments from the catalog are not what they should be.
    #[error("{0:?} is not the name of a type")]
    NotAType(String),
    /// The number of a large object is none.
    #[error("{0:?} is not the number of a large object")]
    NotANumber(String),
    /// A row policy for no role would be one for everybody.
    #[error("the row policy {0:?} is for no role")]
    NoRoles(String),
    /// Something that this version of PostgreSQL does not have.
    #[error("{what} needs PostgreSQL {since} or later")]
    TooOld {
        /// What.
        what: &'static str,
        /// The first major version that has it.
        since: u32,
    },
    /// A kind of object that nobody owns.
    #[error("a {0} has no owner")]
    NoOwner(&'static str),
}

/// The statements of `change`, in order, without semicolons. They belong into one transaction.
///
/// # Errors
/// [`RenderError`]: a name, a value or a condition in the change cannot stand in SQL.
pub fn render(change: &Change, context: Context) -> Result<Vec<String>, RenderError> {
    match change {
        Change::CreateMarker { comment } => role::create_marker(comment),
        Change::CreateRole { role, comment } => role::create(role, comment, context),
        Change::AlterRole { role, attributes } => role::alter(role, attributes),
        Change::CommentRole { role, comment } => role::comment(role, comment),
        Change::Setting { role, database, name, value } => {
            setting::set(role, database.as_deref(), name, value.as_deref())
        }
        Change::GrantMembership { role, members } => membership::grant(role, members, context),
        Change::RevokeMembership { role, member, grantor, part } => {
            membership::revoke(role, member, grantor, *part, context)
        }
        Change::Grant { privileges, objects, grantees } => grant::grant(*privileges, objects, grantees),
        Change::Revoke { privileges, objects, grantees, grantor, option_only, cascade } => {
            let how = grant::How { grantor: grantor.as_deref(), option_only: *option_only, cascade: *cascade };
            grant::revoke(*privileges, objects, grantees, &how, context)
        }
        Change::GrantColumns { table, columns, grantees } => grant::grant_columns(table, columns, grantees),
        Change::RevokeColumns { table, columns, grantees, grantor, option_only, cascade } => {
            let how = grant::How { grantor: grantor.as_deref(), option_only: *option_only, cascade: *cascade };
            grant::revoke_columns(table, columns, grantees, &how, context)
        }
        Change::GrantDefault { creator, schema, kind, privileges, grantees } => {
            default::grant(&default::Future { creator, schema: schema.as_deref(), kind: *kind }, *privileges, grantees)
        }
        Change::RevokeDefault { creator, schema, kind, privileges, grantees, option_only } => {
            let future = default::Future { creator, schema: schema.as_deref(), kind: *kind };
            default::revoke(&future, *privileges, grantees, *option_only)
        }
        Change::ReassignOwned { from, to } => removal::reassign_owned(from, to, context),
        Change::SetOwner { from, object, owner, borrow } => {
            removal::set_owner(object, owner, borrow.then_some(from.as_str()), context)
        }
        Change::InstallHelper => Ok(helper::install()),
        Change::SecureTable { table, put, drop, row_security } => policy::secure(table, put, drop, *row_security),
        Change::AddScopes { scopes } => scope::add(scopes),
        Change::RemoveScopes { scopes } => scope::remove(scopes),
        Change::ShutOut { role } => role::alter(role, &[Attribute::Login(false)]),
        Change::LetIn { role } => role::alter(role, &[Attribute::Login(true)]),
        Change::EndSessions { role, reopen } => session::end(role, *reopen, context),
        Change::DropOwned { role, reassign_to } => removal::drop_owned(role, reassign_to.as_deref(), context),
        Change::DropRole { role } => removal::drop_role(role),
    }
}
