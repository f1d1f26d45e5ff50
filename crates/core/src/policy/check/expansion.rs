//! How much a policy's values multiply: lists of several parameters with each other, and along chains of includes.

use std::collections::HashMap;

use super::super::model::Policy;
use super::report::Report;

/// The most sets of values that one assignment may give to its role and what that includes; each is a row to be kept.
const MOST: usize = 100_000;

/// Runs on policies whose includes are finite and not too deep.
pub fn check(policy: &Policy, report: &mut Report<'_>) {
    let mut weights = HashMap::new();
    for (name, role) in &policy.roles {
        // Only where it begins: whatever includes that role is too much too.
        let below = role.includes.iter().all(|include| weight(policy, &include.role.value, &mut weights) <= MOST);
        if below && weight(policy, name, &mut weights) > MOST {
            let message = format!("what `{name}` includes comes to more than {MOST} roles and sets of values");
            report.error(
                "too-many-values",
                role.span,
                message,
                "several ways to the same role, and lists under `with`, multiply: include each role once",
            );
        }
    }
    let of_groups = policy.groups.values().map(|group| &group.assign);
    let of_principals = policy.principals().map(|(_, principal, _)| &principal.assign);
    for assignment in of_groups.chain(of_principals).flat_map(|assign| assign.values().flatten()) {
        let (name, span) = (&assignment.role.value, assignment.role.span);
        let below = weight(policy, name, &mut weights);
        let sets = combinations(assignment.with.values().map(Vec::len)).saturating_mul(below);
        if below <= MOST && sets > MOST {
            let message = format!("the values for `{name}` come to {sets} combinations; {MOST} are the most");
            report.error("too-many-values", span, message, "lists of several parameters multiply: give fewer values");
        }
    }
}

/// Sets of values that one set for the role leads to, with itself.
fn weight<'a>(policy: &'a Policy, name: &'a str, known: &mut HashMap<&'a str, usize>) -> usize {
    if let Some(weight) = known.get(name) {
        return *weight;
    }
    let includes = policy.roles.get(name).map(|role| role.includes.as_slice()).unwrap_or_default();
    let weight = includes.iter().fold(1_usize, |sum, include| {
        let each = weight(policy, &include.role.value, known);
        sum.saturating_add(combinations(include.with.values().map(Vec::len)).saturating_mul(each))
    });
    known.insert(name, weight);
    weight
}

fn combinations(counts: impl Iterator<Item = usize>) -> usize {
    counts.fold(1, usize::saturating_mul)
}
