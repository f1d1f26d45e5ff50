//! Names that must lead somewhere: roles, groups, environments, databases, owners.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::super::model::{Assignment, Policy, Spanned};
use super::super::yaml::Node;
use super::report::Report;

pub fn check(policy: &Policy, roots: &[Rc<Node>], report: &mut Report<'_>) {
    environments(policy, roots, report);
    databases(policy, report);
    for role in policy.roles.values() {
        role.includes.iter().for_each(|include| self::role(policy, &include.role, report));
    }
    for group in policy.groups.values() {
        holdings(policy, &group.assign, &group.may_request, report);
    }
    for (_, principal, _) in policy.principals() {
        holdings(policy, &principal.assign, &principal.may_request, report);
        for group in principal.groups.iter().filter(|group| !policy.groups.contains_key(&group.value)) {
            report.unknown("unknown-group", "group", group, policy.groups.keys(), "define it under `groups`");
        }
    }
    for service in policy.services.values().filter(|service| !policy.people.contains_key(&service.owner.value)) {
        let help = "name somebody from `people` by their address";
        report.unknown("unknown-owner", "person", &service.owner, policy.people.keys(), help);
    }
}

fn holdings(
    policy: &Policy,
    assign: &BTreeMap<String, Vec<Assignment>>,
    may_request: &BTreeMap<String, Vec<Spanned<String>>>,
    report: &mut Report<'_>,
) {
    let assigned = assign.values().flatten().map(|assignment| &assignment.role);
    assigned.chain(may_request.values().flatten()).for_each(|name| role(policy, name, report));
}

fn role(policy: &Policy, name: &Spanned<String>, report: &mut Report<'_>) {
    if !policy.roles.contains_key(&name.value) {
        report.unknown("unknown-role", "role", name, policy.roles.keys(), "define it under `roles`");
    }
}

/// The model does not keep where an environment's name stands under `assign`; the tree does.
fn environments(policy: &Policy, roots: &[Rc<Node>], report: &mut Report<'_>) {
    let sections = roots.iter().flat_map(|root| ["groups", "people", "services"].map(|section| root.get(section)));
    let holders = sections.flatten().flat_map(|section| section.entries());
    let maps = holders.flat_map(|(_, holder)| ["assign", "may_request"].map(|key| holder.get(key)));
    for (key, _) in maps.flatten().flat_map(|map| map.entries()) {
        let Some(name) = key.text().filter(|name| !policy.environments.contains_key(*name)) else { continue };
        let name = Spanned { value: name.to_owned(), span: key.span };
        let help = "define it under `environments`";
        report.unknown("unknown-environment", "environment", &name, policy.environments.keys(), help);
    }
}

fn databases(policy: &Policy, report: &mut Report<'_>) {
    let servers = policy.environments.values().flat_map(|environment| environment.servers.values());
    let known: BTreeSet<&String> = servers.flat_map(|server| server.databases.keys()).collect();
    for grant in policy.roles.values().flat_map(|role| &role.grants) {
        if !known.contains(&grant.database.value) {
            let help = "list it under a server's `databases`";
            report.unknown("unknown-database", "database", &grant.database, known.iter().copied(), help);
        }
    }
}
