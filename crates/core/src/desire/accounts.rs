//! The roles that Rolecall shall own on a server: its Roles, and one Account for every principal who holds one of them.

use std::collections::{BTreeMap, BTreeSet};

use super::directory::{Held, Standing, holds};
use super::grants::RoleIds;
use super::{Desired, DesiredRole, Scene};
use crate::finding::{Finding, Level};
use crate::mark::Mark;
use crate::policy::model::Credential;

/// Makes the present Roles and what they hold of each other.
pub fn roles(scene: Scene<'_>, present: &BTreeSet<String>, desired: &mut Desired) -> RoleIds {
    let ids: RoleIds =
        present.iter().map(|name| (name.clone(), desired.names.intern(&scene.role_name(name)))).collect();
    for (name, id) in &ids {
        let role = DesiredRole {
            mark: Mark::role(name),
            login: false,
            standing: None,
            connection_limit: -1,
            ends: None,
            password: false,
            settings: BTreeMap::new(),
        };
        desired.roles.insert(*id, role);
        let Some(role) = scene.policy.roles.get(name) else { continue };
        for include in &role.includes {
            if let Some(held) = ids.get(&include.role.value) {
                desired.memberships.insert((*held, *id), format!("Role {name} includes {}", include.role.value));
            }
        }
        for existing in &role.member_of {
            match scene.state.names.find(&existing.value).filter(|id| scene.state.roles.contains_key(id)) {
                Some(held) => {
                    let reason = format!("Role {name} is a member of {}", existing.value);
                    desired.memberships.insert((held, *id), reason);
                }
                None => desired.findings.push(unknown_role(name, &existing.value)),
            }
        }
    }
    ids
}

fn unknown_role(role: &str, existing: &str) -> Finding {
    Finding::new(
        Level::Error,
        "unknown-database-role",
        format!("Role {role}"),
        format!("there is no role {existing:?} on the server to be a member of"),
    )
    .help("create it, or correct `member_of`")
}

/// Makes the Accounts and what they hold.
pub fn accounts(scene: Scene<'_>, present: &BTreeSet<String>, ids: &RoleIds, desired: &mut Desired) {
    let rules = &scene.environment.accounts;
    for (id, principal, _) in scene.policy.principals() {
        let standing = scene.standing(id, principal);
        let held: Vec<Held<'_>> =
            holds(scene, id, principal).into_iter().filter(|held| present.contains(held.role)).collect();
        let name = scene.environment.account_name(scene.environment_name, id, principal);
        let exists = scene.state.names.find(&name).is_some_and(|role| scene.state.roles.contains_key(&role));
        if standing == Standing::Gone || held.is_empty() || (standing == Standing::Suspended && !exists) {
            continue;
        }
        let account = desired.names.intern(&name);
        let role = DesiredRole {
            mark: Mark::account(id),
            login: standing == Standing::Active,
            standing: Some(standing),
            connection_limit: rules.connection_limit.map_or(-1, i64::from),
            ends: principal.ends,
            password: rules.credential == Credential::Password,
            settings: rules.settings.clone(),
        };
        desired.roles.insert(account, role);
        if standing == Standing::Suspended && !rules.suspended_keeps_memberships {
            continue;
        }
        for held in held {
            if let Some(role) = ids.get(held.role) {
                let reason = format!("Role {}, {}", held.role, held.because);
                desired.memberships.entry((*role, account)).or_insert(reason);
            }
        }
    }
}
