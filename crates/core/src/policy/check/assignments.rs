//! Assignments: a value for each parameter and for nothing else, an end after the beginning.

use jiff::Timestamp;

use super::super::model::{Assignment, Policy};
use super::super::problem::Span;
use super::report::Report;

pub fn check(policy: &Policy, report: &mut Report<'_>) {
    let of_groups = policy.groups.values().map(|group| &group.assign);
    let of_principals = policy.principals().map(|(_, principal, _)| &principal.assign);
    for assignment in of_groups.chain(of_principals).flat_map(|assign| assign.values().flatten()) {
        values(policy, assignment, report);
        order(assignment.role.span, assignment.starts, assignment.ends, report);
    }
    for (_, principal, _) in policy.principals() {
        order(principal.span, principal.starts, principal.ends, report);
    }
}

fn values(policy: &Policy, assignment: &Assignment, report: &mut Report<'_>) {
    let (name, span) = (&assignment.role.value, assignment.role.span);
    let Some(role) = policy.roles.get(name) else { return };
    for parameter in role.parameters.keys() {
        if assignment.with.get(parameter).is_none_or(Vec::is_empty) {
            let span = assignment.places.name(parameter).unwrap_or(span);
            let message = format!("`{name}` needs a value for its parameter `{parameter}`");
            let help = format!("write `{{ role: {name}, with: {{ {parameter}: … }} }}`");
            report.error("missing-parameter", span, message, help);
        }
    }
    for key in assignment.with.keys().filter(|key| !role.parameters.contains_key(*key)) {
        let span = assignment.places.name(key).unwrap_or(span);
        let near = report.suggestion(key, role.parameters.keys());
        let help = format!("{near}`{name}` declares its parameters under `parameters`");
        report.error("unknown-parameter", span, format!("`{name}` has no parameter `{key}`"), help);
    }
}

fn order(span: Span, starts: Option<Timestamp>, ends: Option<Timestamp>, report: &mut Report<'_>) {
    if let (Some(starts), Some(ends)) = (starts, ends)
        && starts >= ends
    {
        let message = format!("this ends ({ends}) before it starts ({starts})");
        report.error("starts-after-ends", span, message, "exchange the two, or correct one of them");
    }
}
