//! What can be read but is hardly meant: groups and roles that nobody has, and production that is wider than staging.

use std::collections::{BTreeMap, BTreeSet};

use super::super::model::{Assignment, Policy};
use super::report::Report;
use crate::privilege::{Privilege, PrivilegeSet};

pub fn check(policy: &Policy, report: &mut Report<'_>) {
    groups(policy, report);
    roles(policy, report);
    let of_groups = policy.groups.values().map(|group| (&group.assign, false));
    let of_principals = policy.principals().map(|(_, principal, service)| (&principal.assign, service));
    of_groups.chain(of_principals).for_each(|(assign, service)| wider(policy, assign, service, report));
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

const WRITES: PrivilegeSet =
    PrivilegeSet::of(&[Privilege::Insert, Privilege::Update, Privilege::Delete, Privilege::Truncate]);

/// Compares the kinds of writing per database, not the tables: enough to find environments that were mixed up.
fn wider(policy: &Policy, assign: &BTreeMap<String, Vec<Assignment>>, service: bool, report: &mut Report<'_>) {
    let staging = policy.environments.keys().filter(|name| name.starts_with("stag"));
    for staging in staging {
        // A service often has a twin in staging under another name.
        if service && !assign.contains_key(staging) {
            continue;
        }
        let there = writes(policy, assign.get(staging).into_iter().flatten());
        for production in ["production", "prod"].into_iter().filter_map(|name| assign.get_key_value(name)) {
            for assignment in production.1 {
                let lacks = writes(policy, [assignment].into_iter()).into_iter().find_map(|(database, held)| {
                    let lacks = held.minus(there.get(database).copied().unwrap_or_default());
                    (!lacks.is_empty()).then_some((database, lacks))
                });
                let Some((database, lacks)) = lacks else { continue };
                let (role, span) = (&assignment.role.value, assignment.role.span);
                let message = format!(
                    "`{role}` brings {lacks} on `{database}` in {}, and nothing here brings it in {staging}",
                    production.0
                );
                let help = "check that the two were not exchanged; if it is meant, assign the role there too, and \
                            consider `may_request` instead of `assign` here";
                report.warning("production-wider", span, message, help);
            }
        }
    }
}

/// What roles, and all that they include, write: by database.
fn writes<'a>(
    policy: &'a Policy,
    assignments: impl Iterator<Item = &'a Assignment>,
) -> BTreeMap<&'a str, PrivilegeSet> {
    let mut writes: BTreeMap<&str, PrivilegeSet> = BTreeMap::new();
    let roles = with_included(policy, assignments.map(|assignment| assignment.role.value.as_str()));
    for grant in roles.iter().filter_map(|name| policy.roles.get(*name)).flat_map(|role| &role.grants) {
        // UPDATE on a sequence writes no row.
        if grant.on.iter().any(|on| on.value.kinds().iter().any(|kind| kind.is_relation())) {
            let sum = writes.entry(&grant.database.value).or_default();
            *sum = sum.union(grant.privileges.unwrap_or(WRITES).intersection(WRITES));
        }
    }
    writes
}
