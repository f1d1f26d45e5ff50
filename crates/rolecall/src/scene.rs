//! From a policy and a selection to servers, and what acts have given and taken there beside the policy.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::bail;
use jiff::Timestamp;
pub use rolecall_control::place::Place;
use rolecall_core::desire::Book;
use rolecall_core::lease::Leases;
use rolecall_core::policy::model::Policy;
use rolecall_core::request::Facts;

use crate::args::Selection;

/// What acts have given and taken beside the policy: Leases, and whoever was suspended by one.
#[derive(Debug, Default)]
pub struct Given {
    /// Leases that are not closed.
    pub leases: Leases,
    /// Ids of principals.
    pub suspended: BTreeSet<String>,
    /// The ledger where these stand.
    pub ledger: Option<Arc<str>>,
    /// What other ledgers keep on servers counts for nothing.
    pub disregard_others: bool,
}

impl Given {
    /// What a decision looks at now.
    pub fn facts<'a>(&'a self, policy: &'a Policy) -> Facts<'a> {
        let book = Book { ledger: self.ledger.as_deref(), disregard_others: self.disregard_others };
        let now = Timestamp::now();
        Facts { policy, leases: &self.leases, suspended: &self.suspended, book, now, clock: now }
    }
}

/// The servers of a selection, in the order of their names.
pub fn places<'a>(policy: &'a Policy, selection: &Selection) -> anyhow::Result<Vec<Place<'a>>> {
    let names: Vec<&str> = policy.environments.keys().map(String::as_str).collect();
    if let Some(wanted) = &selection.environment
        && !policy.environments.contains_key(wanted)
    {
        bail!("the policy has no environment {wanted:?}; it has {}", names.join(", "));
    }
    let mut places = rolecall_control::place::places(policy, selection.environment.as_deref());
    places.retain(|place| selection.server.as_ref().is_none_or(|wanted| wanted == place.server_name));
    if places.is_empty() {
        bail!("no server of the policy fits the selection; environments: {}", names.join(", "));
    }
    Ok(places)
}
