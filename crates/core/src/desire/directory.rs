//! Who holds which Role where: people and services, their standing, their groups, their leases.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::Scene;
use crate::lease;
use crate::policy::model::{Assignment, Principal};
use crate::request::RequestId;

/// Where a principal is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Has an account that can log in.
    Active,
    /// Has an account that cannot.
    Suspended,
    /// Not here yet, or not any more.
    Gone,
}

/// Where a principal is in its life at a time. Whom the policy has not suspended may be `suspended` all the same.
pub fn standing(id: &str, principal: &Principal, suspended: &BTreeSet<String>, now: Timestamp) -> Standing {
    let started = principal.starts.is_none_or(|starts| starts <= now);
    let ended = principal.ends.is_some_and(|ends| ends <= now);
    match (started && !ended, principal.suspended || suspended.contains(id)) {
        (false, _) => Standing::Gone,
        (true, true) => Standing::Suspended,
        (true, false) => Standing::Active,
    }
}

/// By what a principal holds a Role.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Because {
    /// By an assignment of its own.
    Direct,
    /// By a group's.
    Group(String),
    /// By a lease.
    Lease {
        /// Its number, which is that of the request it was born from.
        id: RequestId,
        /// The reason given for it.
        reason: String,
        /// Until when.
        ends: Timestamp,
    },
}

/// The number of a Lease that is only thought of, to see what it would do: the ledger's first entry files no Request.
pub const UNBORN: RequestId = RequestId(0);

impl std::fmt::Display for Because {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Direct => f.write_str("assigned directly"),
            Self::Group(group) => write!(f, "through group {group}"),
            Self::Lease { id: UNBORN, ends, .. } => write!(f, "by this request, until {ends}"),
            Self::Lease { id, reason, ends } if reason.is_empty() => write!(f, "by lease {id}, until {ends}"),
            Self::Lease { id, reason, ends } => write!(f, "by lease {id} ({reason}), until {ends}"),
        }
    }
}

/// One Role that a principal holds.
#[derive(Debug, Clone)]
pub struct Held<'a> {
    /// The Role's name in the policy.
    pub role: &'a str,
    /// Values of its parameters.
    pub with: &'a BTreeMap<String, Vec<String>>,
    /// Until when.
    pub ends: Option<Timestamp>,
    /// By what.
    pub because: Because,
}

/// The Roles that a principal holds in the scene's environment, whatever its standing; by leases only while it is active.
pub fn holds<'a>(scene: Scene<'a>, id: &'a str, principal: &'a Principal) -> Vec<Held<'a>> {
    let (environment, now) = (scene.environment_name, scene.now);
    let direct = principal.assign.get(environment).into_iter().flatten().map(|given| (given, Because::Direct));
    let groups = principal.groups.iter().filter_map(|name| Some((name, scene.policy.groups.get(&name.value)?)));
    let grouped = groups.flat_map(|(name, group)| {
        let assigned = group.assign.get(environment).into_iter().flatten();
        assigned.map(|given| (given, Because::Group(name.value.clone())))
    });
    let current = |(given, _): &(&Assignment, Because)| {
        given.starts.is_none_or(|starts| starts <= now) && given.ends.is_none_or(|ends| ends > now)
    };
    let assigned = direct.chain(grouped).filter(current).map(|(given, because)| Held {
        role: &given.role.value,
        with: &given.with,
        ends: given.ends,
        because,
    });
    assigned.chain(leased(scene, id, principal)).collect()
}

fn leased<'a>(scene: Scene<'a>, id: &'a str, principal: &'a Principal) -> impl Iterator<Item = Held<'a>> {
    let own = scene.leases.of(id).filter(move |lease| {
        lease.is_for(scene.environment_name, scene.server_name)
            && lease::over(lease, scene.policy, scene.suspended, scene.now).is_none()
    });
    own.map(move |lease| {
        let ends = principal.ends.map_or(lease.ends, |ends| ends.min(lease.ends));
        // One line, however it was written: it becomes a step's reason.
        let reason = lease.reason.split_whitespace().collect::<Vec<_>>().join(" ");
        let because = Because::Lease { id: lease.id, reason, ends };
        Held { role: &lease.role, with: &lease.with, ends: Some(ends), because }
    })
}
