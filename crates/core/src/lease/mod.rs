//! Access for a while: what a Lease is, when it is over and why, and what is due next.

mod known;
mod time;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::desire::{Scene, Standing, standing};
use crate::policy::model::Policy;
use crate::request::{self, RequestId};

pub use known::Leases;
pub use time::{SLACK, behind, steady};

/// An Assignment with an end, born from an approved Request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Its number: that of the Request.
    pub id: RequestId,
    /// Who holds it: the id of a person or service.
    pub principal: String,
    /// The environment's name.
    pub environment: String,
    /// The Role's name.
    pub role: String,
    /// Values of the Role's parameters, in PostgreSQL's text form.
    pub with: BTreeMap<String, Vec<String>>,
    /// The reason given for it; empty: none.
    pub reason: String,
    /// From when on, to the second.
    pub starts: Timestamp,
    /// Until when at the latest, to the second.
    pub ends: Timestamp,
    /// When it was found to be over, and why. What is set here stays set, whatever the clock says later.
    pub ended: Option<Ended>,
    /// Taken in an emergency, without approval.
    pub break_glass: bool,
    /// Servers of the environment on which it never holds: nobody could see what it would do there when it was agreed to.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub except: BTreeSet<String>,
}

impl Lease {
    /// Whether it is for a server of an environment.
    pub fn is_for(&self, environment: &str, server: &str) -> bool {
        self.environment == environment && !self.except.contains(server)
    }
}

/// That a Lease is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// When that was found.
    pub at: Timestamp,
    /// Why it is over.
    pub why: Over,
}

/// Why a Lease is over.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Over {
    /// Its time is up.
    Expired,
    /// Somebody ended it.
    Early {
        /// Who.
        by: String,
    },
    /// Its holder is suspended.
    Suspended,
    /// Its holder has left, or is not in the policy any more.
    Gone,
    /// The policy has no such environment or Role any more, or the Role takes other values.
    Meaningless,
    /// The policy does not let its holder ask for it any more.
    NotAllowed,
    /// The clock shows a time before its beginning.
    ClockBehind,
}

impl std::fmt::Display for Over {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Expired => f.write_str("its time is up"),
            Self::Early { by } => write!(f, "ended by {by}"),
            Self::Suspended => f.write_str("its holder is suspended"),
            Self::Gone => f.write_str("its holder is gone"),
            Self::Meaningless => f.write_str("the policy has no such role, environment or values any more"),
            Self::NotAllowed => f.write_str("the policy does not let its holder ask for it any more"),
            Self::ClockBehind => f.write_str("the clock shows a time before its beginning"),
        }
    }
}

/// Why a Lease is over; None: it holds. The first reason found, the lasting ones first.
pub fn over(lease: &Lease, policy: &Policy, suspended: &BTreeSet<String>, now: Timestamp) -> Option<Over> {
    if let Some(ended) = &lease.ended {
        return Some(ended.why.clone());
    }
    if lease.ends <= now {
        return Some(Over::Expired);
    }
    if now < lease.starts {
        return Some(Over::ClockBehind);
    }
    let Some((_, principal, _)) = request::principal(policy, &lease.principal) else { return Some(Over::Gone) };
    match standing(&lease.principal, principal, suspended, now) {
        Standing::Gone => return Some(Over::Gone),
        Standing::Suspended => return Some(Over::Suspended),
        Standing::Active => {}
    }
    let meant = policy.environments.contains_key(&lease.environment)
        && request::values(policy, &lease.role, &lease.with).is_ok_and(|with| with == lease.with);
    if !meant {
        return Some(Over::Meaningless);
    }
    let allowed = request::may_request(policy, principal, &lease.environment, &lease.role);
    (!allowed).then_some(Over::NotAllowed)
}

/// When a Lease ends by what is known now: its end, or its holder's.
pub fn end(lease: &Lease, policy: &Policy) -> Timestamp {
    let holder = request::principal(policy, &lease.principal).and_then(|(_, principal, _)| principal.ends);
    let ended = lease.ended.as_ref().map(|ended| ended.at);
    [holder, ended].into_iter().flatten().fold(lease.ends, Timestamp::min)
}

/// The Leases that are over and not known to be: what must be ended now, each with the reason.
pub fn due<'a>(
    leases: &'a [Lease],
    policy: &Policy,
    suspended: &BTreeSet<String>,
    now: Timestamp,
) -> Vec<(&'a Lease, Over)> {
    let open = leases.iter().filter(|lease| lease.ended.is_none());
    open.filter_map(|lease| Some((lease, over(lease, policy, suspended, now)?))).collect()
}

/// The next time at which some Lease ends by itself; None: nothing is open.
pub fn next_due(leases: &[Lease], policy: &Policy) -> Option<Timestamp> {
    leases.iter().filter(|lease| lease.ended.is_none()).map(|lease| end(lease, policy)).min()
}

/// The Lease with its end set. One that has ended before keeps its first end.
#[must_use]
pub fn ended(mut lease: Lease, at: Timestamp, why: Over) -> Lease {
    lease.ended.get_or_insert(Ended { at, why });
    lease
}

/// True when a principal held something in the scene's environment by a Lease that is over.
pub fn was_leased(scene: Scene<'_>, principal: &str) -> bool {
    scene.leases.of(principal).any(|lease| {
        lease.is_for(scene.environment_name, scene.server_name)
            && over(lease, scene.policy, scene.suspended, scene.now).is_some()
    })
}
