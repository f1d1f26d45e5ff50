//! What is to be done on a server for some accounts now: what Leases, suspensions and dates say of them, as far as it may be.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_core::desire::closure;
use rolecall_core::diff::{OTHER_LEDGER, is_mark, may_mark};
use rolecall_core::plan::{Change, Plan, Step, only, shapes};
use rolecall_core::state::ServerState;

use crate::office::{ControlError, Ground};
use crate::place::Place;

/// What is to be done for some accounts, without what a Role that is not ready would give: neither that nor what it
/// gives holds up the rest, least of all what takes access away.
pub(crate) struct Due {
    pub steps: Vec<Step>,
    pub unready: BTreeSet<String>,
    /// Something was left undone, and why.
    pub barred: Option<Barred>,
}

/// Why nothing may be given on a server.
#[derive(Clone, Copy)]
pub(crate) enum Barred {
    /// Another ledger knows what holds there.
    OtherLedger,
    /// It cannot be told which ledger knows what is given there.
    Unmarked,
}

impl Barred {
    pub fn on(self, place: String) -> ControlError {
        match self {
            Self::OtherLedger => ControlError::OtherLedger { place },
            Self::Unmarked => ControlError::Unmarked { place },
        }
    }
}

/// Accounts by their names on a server.
pub(crate) struct Accounts {
    /// All that are to be brought to what they should be.
    pub all: BTreeSet<String>,
    /// Of these, those for which a Lease is over, or whom this ledger has suspended.
    pub ending: BTreeSet<String>,
}

pub(crate) fn due(place: Place<'_>, state: &ServerState, ground: &Ground, accounts: &Accounts) -> Due {
    let (plan, _) = Plan::new(place.scene(state, ground.facts(place.policy)), place.server_name);
    let mut due = Due { steps: Vec::new(), unready: BTreeSet::new(), barred: None };
    // Whom another ledger has suspended, and to whom it gave what, is not known here. What is over here still ends.
    let foreign = plan.findings.iter().any(|finding| finding.code == OTHER_LEDGER);
    // The mark on the server comes along: it is there before what it stands for.
    let (mut marks, may_mark) = (plan.steps.iter().filter(|step| is_mark(step)), may_mark(state));
    let barred = match (foreign, may_mark) {
        (true, _) => Some(Barred::OtherLedger),
        (false, false) if marks.clone().next().is_some() => Some(Barred::Unmarked),
        (false, _) => None,
    };
    if barred.is_none() {
        due.steps.extend(marks.next().cloned());
    }
    // Asked once per Role, however many get it.
    let mut known = BTreeMap::new();
    let mut ready = |role: &str| match known.get(role) {
        Some(ready) => *ready,
        None => *known.entry(role.to_owned()).or_insert(ready(place, state, &plan, role)),
    };
    let all = only(&plan.steps, &accounts.all);
    let mut wanted = if foreign { only(&plan.steps, &accounts.ending) } else { all.clone() };
    wanted.retain(|step| barred.is_none() || step.stage.takes_away());
    due.barred = barred.filter(|_| wanted.len() < all.len());
    for mut step in wanted {
        match &mut step.change {
            Change::GrantMembership { role, .. } if !ready(role) => {
                due.unready.insert(role.clone());
                continue;
            }
            Change::AddScopes { scopes } => {
                scopes.retain(|scope| {
                    let ready = ready(&scope.role);
                    if !ready {
                        due.unready.insert(scope.role.clone());
                    }
                    ready
                });
                if scopes.is_empty() {
                    continue;
                }
            }
            _ => {}
        }
        due.steps.push(step);
    }
    due
}

/// A Role gives on the server what the policy says, no less and no more: else those who agreed were shown something
/// else than its holder gets.
fn ready(place: Place<'_>, state: &ServerState, plan: &Plan, role: &str) -> bool {
    let missing = state.names.find(role).is_none_or(|id| !state.roles.contains_key(&id));
    let named = place.policy.roles.keys().find(|name| place.role_name(name) == role);
    let reached = named.map(|name| closure(place.policy, name)).unwrap_or_default();
    let roles: BTreeSet<String> = reached.into_iter().map(|name| place.role_name(name)).chain([role.into()]).collect();
    !missing && !plan.steps.iter().any(|step| shapes(&step.change, &roles))
}
