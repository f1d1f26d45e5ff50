//! What each change may do to somebody: every kind of change names its risk and its undo here, or does not compile.

use serde::{Deserialize, Serialize};

use super::change::{Attribute, Change, MembershipPart};

/// A way in which a change can hurt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// Somebody may do more than before.
    Widens,
    /// Somebody may do less than before.
    Narrows,
    /// Something is gone for good.
    Destroys,
    /// A table is locked against readers for a moment.
    LocksTable,
    /// Open sessions end.
    EndsSessions,
}

/// The risks of a change or of a whole plan.
pub type Risks = std::collections::BTreeSet<Risk>;

/// How a change is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undo {
    /// Planning with the earlier policy yields the opposite change.
    EarlierPolicy,
    /// It was drift: what stood there before is in the plan's statements, and is granted by hand if it was meant.
    ByHand,
    /// It cannot be taken back.
    Never,
}

impl Change {
    /// What it may do to somebody.
    pub fn risks(&self) -> Risks {
        use Risk::{Destroys, EndsSessions, LocksTable, Narrows, Widens};
        match self {
            Self::CreateMarker { .. } | Self::CreateRole { .. } | Self::CommentRole { .. } | Self::InstallHelper => {
                Risks::new()
            }
            Self::AlterRole { attributes, .. } => {
                attributes.iter().map(|attribute| if attribute.widens() { Widens } else { Narrows }).collect()
            }
            Self::Setting { .. } | Self::LetIn { .. } => Risks::new(),
            Self::GrantMembership { .. }
            | Self::Grant { .. }
            | Self::GrantColumns { .. }
            | Self::GrantDefault { .. }
            | Self::AddScopes { .. } => [Widens].into(),
            Self::RevokeMembership { part, .. } => match part {
                MembershipPart::Whole | MembershipPart::Admin | MembershipPart::Set => [Narrows].into(),
            },
            Self::Revoke { .. }
            | Self::RevokeColumns { .. }
            | Self::RevokeDefault { .. }
            | Self::RemoveScopes { .. } => [Narrows].into(),
            Self::SetOwner { .. } | Self::ReassignOwned { .. } => [Widens, Narrows].into(),
            Self::SecureTable { row_security, .. } => match row_security {
                Some(true) => [Narrows, LocksTable].into(),
                Some(false) => [Widens, LocksTable].into(),
                None => [Widens, Narrows, LocksTable].into(),
            },
            Self::ShutOut { .. } => [Narrows].into(),
            Self::EndSessions { .. } => [EndsSessions].into(),
            Self::DropOwned { .. } | Self::DropRole { .. } => [Narrows, Destroys].into(),
        }
    }

    /// How it is taken back.
    pub const fn undo(&self) -> Undo {
        match self {
            Self::CreateMarker { .. }
            | Self::CreateRole { .. }
            | Self::GrantMembership { .. }
            | Self::Grant { .. }
            | Self::GrantColumns { .. }
            | Self::GrantDefault { .. }
            | Self::InstallHelper
            | Self::SecureTable { .. }
            | Self::AddScopes { .. }
            | Self::RemoveScopes { .. }
            | Self::ShutOut { .. }
            | Self::LetIn { .. }
            | Self::CommentRole { .. } => Undo::EarlierPolicy,
            Self::AlterRole { .. }
            | Self::Setting { .. }
            | Self::RevokeMembership { .. }
            | Self::Revoke { .. }
            | Self::RevokeColumns { .. }
            | Self::RevokeDefault { .. }
            | Self::SetOwner { .. }
            | Self::ReassignOwned { .. } => Undo::ByHand,
            Self::EndSessions { .. } | Self::DropOwned { .. } | Self::DropRole { .. } => Undo::Never,
        }
    }
}

impl Attribute {
    /// True when a role with the new value may do more than one with the old.
    pub fn widens(&self) -> bool {
        match self {
            Self::Superuser(on)
            | Self::Inherit(on)
            | Self::CreateRole(on)
            | Self::CreateDb(on)
            | Self::Login(on)
            | Self::Replication(on)
            | Self::BypassRls(on) => *on,
            Self::ConnectionLimit(limit) => *limit < 0,
            Self::ValidUntil(end) => end == "infinity",
            Self::NoPassword => false,
        }
    }
}
