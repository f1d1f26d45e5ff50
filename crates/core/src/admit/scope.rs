//! Scopes narrow what a token may do: never more than its holder, perhaps less.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Action;

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// See what its holder may see.
    Read,
    /// Ask for access, use it, end it.
    Request,
    /// Agree to Requests, refuse and review them.
    Decide,
    /// Everything that changes Rolecall or a server beside Requests.
    Administer,
    /// Read the numbers that monitoring asks for, and nothing else.
    Metrics,
}

impl Scope {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::Read, Self::Request, Self::Decide, Self::Administer, Self::Metrics];

    /// As it is written.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Request => "request",
            Self::Decide => "decide",
            Self::Administer => "administer",
            Self::Metrics => "metrics",
        }
    }

    /// The scope that an action takes. A new action does not compile without one.
    pub const fn of(action: Action<'_>) -> Self {
        match action {
            Action::ViewOverview
            | Action::ViewAccess { .. }
            | Action::ViewDirectory
            | Action::ViewPolicy
            | Action::ViewRoles
            | Action::ViewRequest(_)
            | Action::ViewLease(_)
            | Action::ViewPlans
            | Action::ViewTokens { .. }
            | Action::Watch
            | Action::Plan
            | Action::Verify
            | Action::ReadLedger
            | Action::ExportLedger => Self::Read,
            Action::FileRequest { .. }
            | Action::BreakGlass { .. }
            | Action::Withdraw(_)
            | Action::EndLease(_)
            | Action::Credential { .. } => Self::Request,
            Action::Decide(_) | Action::Review(_) => Self::Decide,
            Action::Suspend { .. }
            | Action::Reinstate { .. }
            | Action::Apply
            | Action::Adopt
            | Action::LoadPolicy
            | Action::MakeToken { .. }
            | Action::RevokeToken { .. }
            | Action::Configure
            | Action::Backup
            | Action::AcceptClock => Self::Administer,
            Action::ReadMetrics => Self::Metrics,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A word that is no scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no scope of this name; there are read, request, decide, administer and metrics")]
pub struct NoScope;

impl FromStr for Scope {
    type Err = NoScope;

    fn from_str(word: &str) -> Result<Self, NoScope> {
        Self::ALL.into_iter().find(|scope| scope.word() == word).ok_or(NoScope)
    }
}

/// Some scopes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// Everything that the holder may.
    pub fn all() -> Self {
        Self(Scope::ALL.into())
    }

    /// Whether one is among them.
    pub fn has(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// Whether all of these are among others.
    pub fn within(&self, others: &Self) -> bool {
        self.0.is_subset(&others.0)
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In order.
    pub fn iter(&self) -> impl Iterator<Item = Scope> {
        self.0.iter().copied()
    }

    /// As they are written.
    pub fn words(&self) -> Vec<String> {
        self.iter().map(|scope| scope.to_string()).collect()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}
