//! Who holds which Role where: people and services, their standing, their groups.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::policy::model::{Assignment, Policy, Principal};

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

/// Where a principal is in its life at a time.
pub fn standing(principal: &Principal, now: Timestamp) -> Standing {
    let started = principal.starts.is_none_or(|starts| starts <= now);
    let ended = principal.ends.is_some_and(|ends| ends <= now);
    match (started && !ended, principal.suspended) {
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
}

impl std::fmt::Display for Because {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Direct => f.write_str("assigned directly"),
            Self::Group(group) => write!(f, "through group {group}"),
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

/// The Roles that a principal holds in an environment at a time, whatever its standing.
pub fn holds<'a>(policy: &'a Policy, environment: &str, principal: &'a Principal, now: Timestamp) -> Vec<Held<'a>> {
    let direct = principal.assign.get(environment).into_iter().flatten().map(|given| (given, Because::Direct));
    let grouped = principal.groups.iter().filter_map(|name| Some((name, policy.groups.get(&name.value)?))).flat_map(
        |(name, group)| {
            let assigned = group.assign.get(environment).into_iter().flatten();
            assigned.map(|given| (given, Because::Group(name.value.clone())))
        },
    );
    let current = |(given, _): &(&Assignment, Because)| {
        given.starts.is_none_or(|starts| starts <= now) && given.ends.is_none_or(|ends| ends > now)
    };
    direct
        .chain(grouped)
        .filter(current)
        .map(|(given, because)| Held { role: &given.role.value, with: &given.with, ends: given.ends, because })
        .collect()
}
