//! Requests for access for a while: what one is, who decides on it, and what comes of it.
//!
//! Everything here takes the facts and a Request and returns what the Request has become. Nothing is changed in place:
//! whoever calls stores the outcome together with its Event, or nothing.

mod break_glass;
mod decide;
mod file;
mod meaning;
mod party;
mod refusal;
mod terms;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use break_glass::{break_glass, review, review_due};
pub use decide::{approve, deny, end_early, expire, recheck, withdraw};
pub use file::{extend, file};
pub use meaning::{effects_digest, meaning, unseen};
pub use party::{members, own, principal};
pub use refusal::Refusal;
pub use terms::{BreakGlassTerms, Terms, decides, may_request, requestable, values};

use crate::desire::Book;
use crate::lease::{self, Lease, Leases};
use crate::policy::model::Policy;

/// A Request's number, and its Lease's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(pub u64);

impl std::fmt::Display for RequestId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// What a decision looks at.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// Leases that are not known to be over.
    pub leases: &'a Leases,
    /// Principals that were suspended by another act than the policy.
    pub suspended: &'a BTreeSet<String>,
    /// Where these are written down.
    pub book: Book<'a>,
    /// The time to decide for; see [`crate::lease::steady`].
    pub now: Timestamp,
    /// What the machine's clock shows.
    pub clock: Timestamp,
}

impl Facts<'_> {
    /// Refuses to open anything while the clock lies behind the time to decide for.
    pub fn clock_is_right(&self) -> Result<(), Refusal> {
        let Self { now, clock, .. } = *self;
        if lease::behind(now, clock) { Err(Refusal::ClockBehind { now, clock }) } else { Ok(()) }
    }
}

/// Until when somebody asks for access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Until {
    /// For so many seconds from the moment it is granted.
    For(u64),
    /// Until this time.
    At(Timestamp),
}

/// What somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// Who asks: the id of a person or service.
    pub requester: String,
    /// For whom.
    pub beneficiary: String,
    /// The environment's name.
    pub environment: String,
    /// The Role's name.
    pub role: String,
    /// Values of the Role's parameters.
    pub with: BTreeMap<String, Vec<String>>,
    /// Until when.
    pub until: Until,
    /// Why; empty: no reason given.
    pub reason: String,
}

/// A Request and what has become of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Its number.
    pub id: RequestId,
    /// What is asked for; the values are in PostgreSQL's text form.
    pub asks: Draft,
    /// When it was filed.
    pub filed: Timestamp,
    /// When it ends if nobody has decided by then.
    pub expires: Timestamp,
    /// The Lease that it is to continue.
    pub extends: Option<RequestId>,
    /// Taken in an emergency, without approval.
    pub break_glass: bool,
    /// A digest of what it would do, as shown to those who decide.
    pub effects: String,
    /// How often what it would do has changed while it waited.
    pub asked_again: u32,
    /// Who has agreed to these effects.
    pub approvals: Vec<Approval>,
    /// Where it is.
    pub state: State,
    /// For a break-glass: what came of looking at it afterwards.
    pub review: Option<Review>,
}

/// One person's agreement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Where a Request is. All but `Pending` are final.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// It waits for decisions.
    Pending,
    /// It became a Lease.
    Granted {
        /// When.
        at: Timestamp,
    },
    /// Somebody who could agree did not.
    Denied {
        /// When.
        at: Timestamp,
        /// Who.
        by: String,
        /// Why.
        reason: String,
    },
    /// Those who asked took it back.
    Withdrawn {
        /// When.
        at: Timestamp,
        /// Who.
        by: String,
    },
    /// Nobody decided in time.
    Expired {
        /// When that was found.
        at: Timestamp,
    },
    /// The policy, or somebody's standing, changed so that it cannot be granted any more.
    Broken {
        /// When that was found.
        at: Timestamp,
        /// What is in the way.
        why: String,
    },
}

/// The second look at a break-glass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// By when somebody must have looked.
    pub due: Timestamp,
    /// Who looked, and what they found.
    pub done: Option<Reviewed>,
}

/// What a reviewer found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reviewed {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// It was right to take the access.
    pub justified: bool,
    /// In the reviewer's words.
    pub note: String,
}

/// What became of a Request by a decision.
#[expect(clippy::large_enum_variant, reason = "one at a time, taken apart at once")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It waits for more decisions.
    Waiting(Request),
    /// It became a Lease.
    Granted(Request, Lease),
    /// What it would do has changed: earlier agreements count no more, and it is asked again.
    AskedAgain(Request),
    /// It has come to an end without a Lease.
    Closed(Request),
}

impl Outcome {
    /// The same, where a Lease that it has become does not hold on these servers: nobody has seen what it would do there.
    #[must_use]
    pub fn except(self, unseen: BTreeSet<String>) -> Self {
        match self {
            Self::Granted(request, lease) => Self::Granted(request, Lease { except: unseen, ..lease }),
            other => other,
        }
    }

    /// The Request as it is now.
    pub fn request(&self) -> &Request {
        match self {
            Self::Waiting(request) | Self::Granted(request, _) | Self::AskedAgain(request) | Self::Closed(request) => {
                request
            }
        }
    }
}
