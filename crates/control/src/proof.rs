//! What was seen on a server after a Lease had ended there, in words: the proof that its access is gone.
//!
//! Nothing is concluded here: each part is read from the server's state after the change, or from a step that could not
//! have ended otherwise.

use std::collections::BTreeSet;

use rolecall_core::lease::Lease;
use rolecall_core::plan::{Change, Step};
use rolecall_core::state::{RoleId, ServerState};

use crate::place::Place;
use crate::settle::{Marked, accounts};

/// What `state`, read after `steps` were carried out, shows of what a Lease gave.
pub fn of(place: Place<'_>, state: &ServerState, marked: &Marked, steps: &[Step], lease: &Lease) -> String {
    let (role, own) = (place.role_name(&lease.role), BTreeSet::from([lease.principal.as_str()]));
    let names = accounts(place, marked, &own);
    let there: Vec<&String> = names.iter().filter(|account| found(state, account).is_some()).collect();
    let looked: Vec<&str> = state.contents.keys().map(String::as_str).collect();
    let mut said = vec![format!("read back in {}", looked.join(", "))];
    if there.is_empty() {
        let missing: Vec<&str> = names.iter().map(String::as_str).collect();
        said.push(format!("no account {} is on the server", missing.join(" or ")));
    }
    for account in there {
        said.push(membership(state, account, &role));
        if !lease.with.is_empty() {
            said.push(rows(state, account, &role));
        }
        if !logs_in(state, account) {
            said.push(format!("{account} may not log in"));
        }
    }
    // Such a step ends when no session is left, and fails otherwise.
    let ended = steps.iter().filter_map(|step| match &step.change {
        Change::EndSessions { role, .. } if names.contains(role) => Some(role.as_str()),
        _ => None,
    });
    let ended: BTreeSet<&str> = ended.collect();
    said.extend(ended.into_iter().map(|account| format!("no session of {account} was left")));
    said.join("; ")
}

fn found(state: &ServerState, name: &str) -> Option<RoleId> {
    state.names.find(name).filter(|id| state.roles.contains_key(id))
}

fn logs_in(state: &ServerState, account: &str) -> bool {
    found(state, account).and_then(|id| state.roles.get(&id)).is_some_and(|role| role.login)
}

fn membership(state: &ServerState, account: &str, role: &str) -> String {
    let edge = found(state, account).zip(found(state, role));
    let holds = edge.is_some_and(|(account, role)| {
        state.memberships.iter().any(|edge| edge.member == account && edge.role == role)
    });
    // What gives it is in the plan, which was empty for this account: an assignment or another lease.
    if holds {
        format!("{account} holds {role} by something else")
    } else {
        format!("{account} is no member of {role}")
    }
}

/// The rows that an account sees by a Role now.
fn rows(state: &ServerState, account: &str, role: &str) -> String {
    let helpers = state.contents.values().filter_map(|contents| contents.helper.as_ref());
    let scopes = helpers.flat_map(|helper| &helper.scopes);
    let own = scopes.filter(|scope| scope.account == account && scope.role == role);
    let left: BTreeSet<String> = own
        .map(|scope| {
            let values: Vec<String> = scope.values.iter().map(|(name, value)| format!("{name} = {value}")).collect();
            values.join(" and ")
        })
        .collect();
    if left.is_empty() {
        return format!("no rows are in {account}'s scope");
    }
    format!("what is left in {account}'s scope: {}", left.into_iter().collect::<Vec<_>>().join("; "))
}
