//! A plan cut down to some accounts: what a Lease begins or ends must not wait for, nor carry out, anything else.

use std::collections::BTreeSet;

use super::change::{Change, Grantee};
use super::step::Step;

/// The steps that concern these accounts, by their names on the server, and nobody else.
pub fn only(steps: &[Step], accounts: &BTreeSet<String>) -> Vec<Step> {
    steps.iter().filter_map(|step| Some(Step { change: part(&step.change, accounts)?, ..step.clone() })).collect()
}

fn part(change: &Change, accounts: &BTreeSet<String>) -> Option<Change> {
    let whole = |name: &String| accounts.contains(name).then(|| change.clone());
    let all = |grantees: &[Grantee]| {
        let own = |grantee: &Grantee| matches!(grantee, Grantee::Role(name) if accounts.contains(name));
        grantees.iter().all(own).then(|| change.clone())
    };
    match change {
        Change::CreateRole { role, .. }
        | Change::AlterRole { role, .. }
        | Change::CommentRole { role, .. }
        | Change::Setting { role, .. }
        | Change::ShutOut { role }
        | Change::LetIn { role }
        | Change::EndSessions { role, .. }
        | Change::DropOwned { role, .. }
        | Change::DropRole { role } => whole(role),
        Change::RevokeMembership { member, .. } => whole(member),
        Change::SetOwner { from, .. } | Change::ReassignOwned { from, .. } => whole(from),
        Change::GrantMembership { role, members } => {
            let members: Vec<String> = members.iter().filter(|name| accounts.contains(*name)).cloned().collect();
            (!members.is_empty()).then(|| Change::GrantMembership { role: role.clone(), members })
        }
        Change::AddScopes { scopes } => {
            let scopes: Vec<_> = scopes.iter().filter(|scope| accounts.contains(&scope.account)).cloned().collect();
            (!scopes.is_empty()).then_some(Change::AddScopes { scopes })
        }
        Change::RemoveScopes { scopes } => {
            let scopes: Vec<_> = scopes.iter().filter(|scope| accounts.contains(&scope.account)).cloned().collect();
            (!scopes.is_empty()).then_some(Change::RemoveScopes { scopes })
        }
        Change::Revoke { grantees, .. } | Change::RevokeColumns { grantees, .. } => all(grantees),
        Change::CreateMarker { .. }
        | Change::Grant { .. }
        | Change::GrantColumns { .. }
        | Change::GrantDefault { .. }
        | Change::RevokeDefault { .. }
        | Change::InstallHelper
        | Change::SecureTable { .. } => None,
    }
}

/// True when a change is about what one of these Roles gives, by their names on the server: until it is carried out,
/// holding the Role means something else than the policy says. Row security counts for every Role.
pub fn shapes(change: &Change, roles: &BTreeSet<String>) -> bool {
    let among = |grantees: &[Grantee]| {
        grantees.iter().any(|grantee| match grantee {
            Grantee::Role(name) => roles.contains(name),
            Grantee::Public => false,
        })
    };
    match change {
        Change::CreateRole { role, .. }
        | Change::AlterRole { role, .. }
        | Change::DropOwned { role, .. }
        | Change::DropRole { role } => roles.contains(role),
        Change::GrantMembership { members, .. } => members.iter().any(|member| roles.contains(member)),
        Change::RevokeMembership { member, .. } => roles.contains(member),
        Change::Grant { grantees, .. }
        | Change::Revoke { grantees, .. }
        | Change::GrantColumns { grantees, .. }
        | Change::RevokeColumns { grantees, .. }
        | Change::GrantDefault { grantees, .. }
        | Change::RevokeDefault { grantees, .. } => among(grantees),
        Change::SetOwner { from, .. } | Change::ReassignOwned { from, .. } => roles.contains(from),
        Change::InstallHelper | Change::SecureTable { .. } => true,
        Change::CreateMarker { .. }
        | Change::CommentRole { .. }
        | Change::Setting { .. }
        | Change::AddScopes { .. }
        | Change::RemoveScopes { .. }
        | Change::ShutOut { .. }
        | Change::LetIn { .. }
        | Change::EndSessions { .. } => false,
    }
}
