//! What can happen. A new kind does not compile until it has a name, says whom it concerns, and what it means.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{EventId, Text};

/// A Server of an Environment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The Environment's name.
    pub environment: String,
    /// The Server's name in the policy.
    pub server: String,
}

/// What a Request asks for and a Lease gives.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Access {
    /// The Person or Service who gets it.
    pub principal: String,
    /// The Role.
    pub role: String,
    /// The Environment.
    pub environment: String,
    /// Values of the Role's Parameters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub with: BTreeMap<String, String>,
}

/// Where a Principal is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// As the policy says.
    Active,
    /// Shut out for the time being.
    Suspended,
    /// Shut out for good.
    Gone,
}

/// Why a Lease ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaseEnd {
    /// Its time was over.
    Expired,
    /// Somebody ended it early.
    Ended,
    /// The policy does not allow it any more.
    Forbidden,
    /// Its holder was suspended or is gone.
    Suspended,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "detail", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are named by the glossary; meaning.rs says what each kind means")]
pub enum Kind {
    StoreMade {
        origin: String,
        key: String,
    },
    StoreUpgraded {
        from: u32,
        to: u32,
    },
    PolicyLoaded {
        version: u64,
        digest: String,
        source: Text,
    },
    PrincipalAdded {
        principal: String,
    },
    PrincipalRemoved {
        principal: String,
    },
    StandingChanged {
        principal: String,
        from: Standing,
        to: Standing,
    },
    GroupJoined {
        principal: String,
        group: String,
    },
    GroupLeft {
        principal: String,
        group: String,
    },
    RequestFiled {
        request: String,
        access: Access,
        until: Option<Timestamp>,
        break_glass: bool,
        digest: Option<String>,
    },
    RequestApproved {
        request: String,
        access: Access,
        automatic: bool,
        complete: bool,
        digest: Option<String>,
    },
    RequestDenied {
        request: String,
        access: Access,
    },
    RequestWithdrawn {
        request: String,
        access: Access,
    },
    RequestExpired {
        request: String,
        access: Access,
    },
    RequestReopened {
        request: String,
        access: Access,
        digest: Option<String>,
    },
    BreakGlassReviewed {
        request: String,
        access: Access,
        justified: bool,
    },
    LeaseStarted {
        lease: String,
        request: Option<String>,
        access: Access,
        until: Timestamp,
    },
    LeaseEnded {
        lease: String,
        access: Access,
        how: LeaseEnd,
    },
    LeaseOverdue {
        lease: String,
        access: Access,
        since: Timestamp,
        error: Text,
    },
    LeaseRevoked {
        lease: String,
        access: Access,
        place: Place,
        proof: Text,
    },
    PlanMade {
        place: Place,
        digest: String,
        changes: u64,
        blocked: bool,
    },
    ApplyBegun {
        place: Place,
        digest: String,
        changes: u64,
    },
    ApplyFinished {
        place: Place,
        digest: String,
        changes: u64,
        proved: bool,
    },
    ApplyFailed {
        place: Place,
        digest: String,
        done: u64,
        changes: u64,
        error: Text,
    },
    ApplyAbandoned {
        place: Place,
        digest: String,
        changes: u64,
    },
    AdoptBegun {
        place: Place,
        role: String,
    },
    AdoptFailed {
        place: Place,
        role: String,
        error: Text,
    },
    RoleAdopted {
        place: Place,
        role: String,
    },
    CredentialBegun {
        place: Place,
        principal: String,
        account: String,
        ends: Timestamp,
    },
    CredentialMinted {
        place: Place,
        principal: String,
        account: String,
        ends: Timestamp,
    },
    CredentialFailed {
        place: Place,
        principal: String,
        account: String,
        error: Text,
    },
    RightsVerified {
        place: Place,
        questions: u64,
        disagreements: u64,
    },
    SignedIn {
        principal: String,
        how: String,
    },
    SignInRefused {
        claimed: Text,
        how: String,
        why: Text,
    },
    SignedOut {
        principal: String,
    },
    TokenMade {
        token: String,
        of: String,
        scopes: Vec<String>,
        ends: Timestamp,
    },
    TokenRevoked {
        token: String,
        of: String,
    },
    ClockAccepted {
        from: Timestamp,
        to: Timestamp,
    },
    DriftFound {
        place: Place,
        digest: String,
        changes: u64,
    },
    DriftHeld {
        place: Place,
        digest: String,
        changes: u64,
    },
    DriftRepaired {
        place: Place,
        digest: String,
        changes: u64,
    },
    ServerUnreachable {
        place: Place,
        error: Text,
    },
    ServerBack {
        place: Place,
    },
    WebhookGivenUp {
        webhook: String,
        event: EventId,
        error: Text,
    },
    EffectsContinued {
        of: EventId,
        part: u32,
    },
}

impl Kind {
    /// The Environment that it concerns, if it is one.
    pub fn environment(&self) -> Option<&str> {
        self.place().map(|place| place.environment.as_str()).or_else(|| Some(self.access()?.environment.as_str()))
    }

    /// The Server that it concerns, if it is one.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::PlanMade { place, .. }
            | Self::ApplyBegun { place, .. }
            | Self::ApplyFinished { place, .. }
            | Self::ApplyFailed { place, .. }
            | Self::ApplyAbandoned { place, .. }
            | Self::AdoptBegun { place, .. }
            | Self::RoleAdopted { place, .. }
            | Self::AdoptFailed { place, .. }
            | Self::CredentialBegun { place, .. }
            | Self::CredentialMinted { place, .. }
            | Self::CredentialFailed { place, .. }
            | Self::RightsVerified { place, .. }
            | Self::LeaseRevoked { place, .. }
            | Self::DriftFound { place, .. }
            | Self::DriftHeld { place, .. }
            | Self::DriftRepaired { place, .. }
            | Self::ServerUnreachable { place, .. }
            | Self::ServerBack { place } => Some(place),
            Self::StoreMade { .. }
            | Self::StoreUpgraded { .. }
            | Self::PolicyLoaded { .. }
            | Self::PrincipalAdded { .. }
            | Self::PrincipalRemoved { .. }
            | Self::StandingChanged { .. }
            | Self::GroupJoined { .. }
            | Self::GroupLeft { .. }
            | Self::RequestFiled { .. }
            | Self::RequestApproved { .. }
            | Self::RequestDenied { .. }
            | Self::RequestWithdrawn { .. }
            | Self::RequestExpired { .. }
            | Self::RequestReopened { .. }
            | Self::BreakGlassReviewed { .. }
            | Self::LeaseStarted { .. }
            | Self::LeaseEnded { .. }
            | Self::LeaseOverdue { .. }
            | Self::SignedIn { .. }
            | Self::SignInRefused { .. }
            | Self::SignedOut { .. }
            | Self::TokenMade { .. }
            | Self::TokenRevoked { .. }
            | Self::ClockAccepted { .. }
            | Self::WebhookGivenUp { .. }
            | Self::EffectsContinued { .. } => None,
        }
    }

    /// What is asked for or given, if it is about that.
    pub fn access(&self) -> Option<&Access> {
        match self {
            Self::RequestFiled { access, .. }
            | Self::RequestApproved { access, .. }
            | Self::RequestDenied { access, .. }
            | Self::RequestWithdrawn { access, .. }
            | Self::RequestExpired { access, .. }
            | Self::RequestReopened { access, .. }
            | Self::BreakGlassReviewed { access, .. }
            | Self::LeaseStarted { access, .. }
            | Self::LeaseEnded { access, .. }
            | Self::LeaseOverdue { access, .. }
            | Self::LeaseRevoked { access, .. } => Some(access),
            _ => None,
        }
    }

    /// The Principal that it is about, if it is about one.
    pub fn subject(&self) -> Option<&str> {
        match self {
            Self::PrincipalAdded { principal }
            | Self::PrincipalRemoved { principal }
            | Self::StandingChanged { principal, .. }
            | Self::GroupJoined { principal, .. }
            | Self::GroupLeft { principal, .. }
            | Self::CredentialBegun { principal, .. }
            | Self::CredentialMinted { principal, .. }
            | Self::CredentialFailed { principal, .. }
            | Self::SignedIn { principal, .. }
            | Self::SignedOut { principal } => Some(principal),
            Self::TokenMade { of, .. } | Self::TokenRevoked { of, .. } => Some(of),
            Self::SignInRefused { claimed, .. } => Some(claimed.as_str()),
            _ => self.access().map(|access| access.principal.as_str()),
        }
    }
}
