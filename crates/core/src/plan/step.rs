//! When a change runs. The order is what keeps every moment no wider than the wider of before and after.

use serde::{Deserialize, Serialize};

use super::change::Change;

/// Stages run in this order: doors shut and narrowed first, then widened and opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Roles that nobody holds and that hold nothing; grants that keep for unmanaged roles what they have by PUBLIC.
    Prepare,
    /// NOLOGIN and lesser attributes.
    Close,
    /// Memberships end.
    Detach,
    /// Sessions end: after the door is shut, and what they could return to is gone.
    End,
    /// Privileges, default privileges and scopes are taken away.
    Narrow,
    /// Roles are dropped.
    Drop,
    /// Rolecall's schema, row policies and row security.
    Shape,
    /// Privileges, default privileges and scopes are given.
    Widen,
    /// Memberships begin.
    Attach,
    /// LOGIN and greater attributes.
    Open,
}

impl Stage {
    /// Whether all that happens in it only takes access away.
    pub fn takes_away(self) -> bool {
        match self {
            Self::Close | Self::Detach | Self::End | Self::Narrow | Self::Drop => true,
            Self::Prepare | Self::Shape | Self::Widen | Self::Attach | Self::Open => false,
        }
    }
}

/// One change at its place in the plan.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Step {
    /// When.
    pub stage: Stage,
    /// In which database, by its name on the server; None: server-wide.
    pub database: Option<String>,
    /// What.
    pub change: Change,
    /// Why, in people's terms.
    pub reason: String,
}
