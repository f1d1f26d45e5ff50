//! Row scopes: which values of a Role's parameters each Account has, followed through the hierarchy.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::directory::holds;
use super::grants::RoleIds;
use super::{Desired, Scene};
use crate::policy::model::RowValue;
use crate::state::Scope;

type Values = BTreeMap<String, String>;

/// Adds each Account's scopes to every database in which they mean something. Must run when memberships are decided:
/// a scope goes with the membership that it narrows, so whoever keeps one while suspended keeps the other.
pub fn add(scene: Scene<'_>, ids: &RoleIds, desired: &mut Desired) {
    for (id, principal, _) in scene.policy.principals() {
        let account = scene.environment.account_name(scene.environment_name, id, principal);
        let Some(member) = desired.names.find(&account) else { continue };
        for held in holds(scene, id, principal) {
            let Some(role) = ids.get(held.role) else { continue };
            if !desired.memberships.contains_key(&(*role, member)) {
                continue;
            }
            for values in product(held.with) {
                let mut found = BTreeSet::new();
                follow(scene, held.role, &values, &mut found);
                for (role, values) in found {
                    let scope = Scope {
                        account: account.clone(),
                        role: scene.role_name(&role),
                        values,
                        ends: held.ends.map(|ends: Timestamp| ends.to_string()),
                    };
                    place(scene, &role, &scope, desired);
                }
            }
        }
    }
}

fn place(scene: Scene<'_>, role: &str, scope: &Scope, desired: &mut Desired) {
    for (logical, database) in &scene.server.databases {
        let Some(contents) = desired.contents.get_mut(&database.name) else { continue };
        let mut grants = scene.policy.roles.get(role).into_iter().flat_map(|role| &role.grants);
        let filters = |grant: &crate::policy::model::Grant| !grant.rows.is_empty() || grant.condition.is_some();
        if grants.any(|grant| grant.database.value == *logical && filters(grant)) {
            contents.scopes.insert(scope.clone());
        }
    }
}

/// One set of values for each combination of the lists.
fn product(with: &BTreeMap<String, Vec<String>>) -> Vec<Values> {
    let mut all = vec![Values::new()];
    for (parameter, values) in with {
        let combine = |known: &Values| {
            let known = known.clone();
            values.iter().map(move |value| {
                let mut known = known.clone();
                known.insert(parameter.clone(), value.clone());
                known
            })
        };
        all = all.iter().flat_map(combine).collect();
    }
    all
}

/// The Role and all that it includes, each with the values that it gets. Only those with parameters are collected.
fn follow(scene: Scene<'_>, role: &str, values: &Values, found: &mut BTreeSet<(String, Values)>) {
    let Some(definition) = scene.policy.roles.get(role) else { return };
    let own: Values = values
        .iter()
        .filter(|(name, _)| definition.parameters.contains_key(*name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    if !own.is_empty() && !found.insert((role.to_owned(), own.clone())) {
        return;
    }
    for include in &definition.includes {
        let Some(included) = scene.policy.roles.get(&include.role.value) else { continue };
        let mut lists: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for parameter in included.parameters.keys() {
            let given = include.with.get(parameter).cloned();
            let given = given.unwrap_or_else(|| vec![RowValue::Parameter(parameter.clone())]);
            let resolved = given.into_iter().filter_map(|value| match value {
                RowValue::Literal(text) => Some(text),
                RowValue::Parameter(name) => own.get(&name).cloned(),
            });
            lists.insert(parameter.clone(), resolved.collect());
        }
        for values in product(&lists) {
            follow(scene, &include.role.value, &values, found);
        }
    }
}
