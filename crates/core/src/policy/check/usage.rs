//! What can be read but is hardly meant: groups and roles that nobody has, and production that is wider than staging.

use std::collections::{BTreeMap, BTreeSet};

use super::super::model::{Assignment, Policy};
use super::report::Report;

pub fn check(policy: &Policy, report: &mut Report<'_>) {
    groups(policy, report);
    roles(policy, report);
    let of_groups = policy.groups.values().map(|group| &group.assign);
    let of_principals = policy.principals().map(|(_, principal, _)| &principal.assign);
    of_groups.chain(of_principals).for_each(|assign| wider(policy, assign, report));
}

fn groups(policy: &Policy, report: &mut Report<'_>) {
    let named = policy.principals().flat_map(|(_, principal, _)| &principal.groups);
    let named: BTreeSet<&str> = named.map(|group| group.value.as_str()).collect();
    for (name, group) in policy.groups.iter().filter(|(name, _)| !named.contains(name.as_str())) {
        let message = format!("nobody is in the group `{name}`");
        report.warning("group-without-members", group.span, message, "add it to somebody's `groups`, or take it away");
    }
}

fn roles(policy: &Policy, report: &mut Report<'_>) {
    let of_groups = policy.groups.values().map(|group| (&group.assign, &group.may_request));
    let of_principals = policy.principals().map(|(_, principal, _)| (&principal.assign, &principal.may_request));
    let held = of_groups.chain(of_principals).flat_map(|(assign, may_request)| {
        let assigned = assign.values().flatten().map(|assignment| &assignment.role);
        assigned.chain(may_request.values().flatten()).map(|role| role.value.as_str())
    });
    let used = with_included(policy, held);
    for (name, role) in policy.roles.iter().filter(|(name, _)| !used.contains(name.as_str())) {
        let message = format!("nobody holds or may request the role `{name}`");
        report.warning("unused-role", role.span, message, "assign it to a group or somebody, or take it away");
    }
}

/// Roles and everything that they include.
fn with_included<'a>(policy: &'a Policy, roles: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
    let mut open: Vec<&str> = roles.collect();
    let mut found = BTreeSet::new();
    while let Some(name) = open.pop() {
        if found.insert(name)
            && let Some(role) = policy.roles.get(name)
        {
            open.extend(role.includes.iter().map(|include| include.role.value.as_str()));
        }
    }
    found
}

/// Compares roles by name, not by what they grant: enough to find environments that were mixed up.
fn wider(policy: &Policy, assign: &BTreeMap<String, Vec<Assignment>>, report: &mut Report<'_>) {
    let (Some(production), Some(staging)) = (assign.get("production"), assign.get("staging")) else { return };
    let staging = with_included(policy, staging.iter().map(|assignment| assignment.role.value.as_str()));
    for assignment in production.iter().filter(|assignment| !staging.contains(assignment.role.value.as_str())) {
        let message = format!("`{}` is held in production but not in staging", assignment.role.value);
        let help =
            "check that the two were not exchanged; who may do something in production may usually try it in staging";
        report.warning("production-wider", assignment.role.span, message, help);
    }
}
