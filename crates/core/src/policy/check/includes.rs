//! Roles that include one another: no cycles, no endless chains, parameters handed on with the right type.

use std::collections::HashMap;

use super::super::model::{Include, Policy, Role, RowValue};
use super::super::problem::Span;
use super::report::Report;

/// How long a chain of includes may be.
const DEEPEST: usize = 32;

pub fn check(policy: &Policy, report: &mut Report<'_>) {
    cycles(policy, report);
    for role in policy.roles.values() {
        role.includes.iter().for_each(|include| parameters(policy, role, include, report));
    }
}

/// How far a visit to a role has come.
enum Visit {
    Open,
    /// With the length of the longest chain of includes that begins there.
    Done(usize),
}

/// A role on the way, the next of its includes to look at, and the longest chain found below it.
struct Step<'a> {
    name: &'a str,
    role: &'a Role,
    next: usize,
    longest: usize,
}

/// Walks without recursion: a hostile chain is longer than the stack.
fn cycles(policy: &Policy, report: &mut Report<'_>) {
    let mut visits: HashMap<&str, Visit> = HashMap::new();
    for (name, role) in &policy.roles {
        if visits.contains_key(name.as_str()) {
            continue;
        }
        visits.insert(name, Visit::Open);
        let mut path = vec![Step { name, role, next: 0, longest: 0 }];
        while let Some(step) = path.last_mut() {
            let Some(include) = step.role.includes.get(step.next) else {
                finish(&mut path, &mut visits, report);
                continue;
            };
            step.next += 1;
            match visits.get(include.role.value.as_str()) {
                Some(Visit::Done(length)) => step.longest = step.longest.max(*length),
                Some(Visit::Open) => cycle(&path, include, report),
                None => {
                    if let Some((name, role)) = policy.roles.get_key_value(&include.role.value) {
                        visits.insert(name, Visit::Open);
                        path.push(Step { name, role, next: 0, longest: 0 });
                    }
                }
            }
        }
    }
}

fn finish<'a>(path: &mut Vec<Step<'a>>, visits: &mut HashMap<&'a str, Visit>, report: &mut Report<'_>) {
    let Some(step) = path.pop() else { return };
    let length = step.longest + 1;
    if length == DEEPEST + 1 {
        let message = format!("`{}` begins a chain of more than {DEEPEST} includes", step.name);
        report.error("includes-too-deep", step.role.span, message, "include the roles at the chain's end directly");
    }
    visits.insert(step.name, Visit::Done(length));
    if let Some(above) = path.last_mut() {
        above.longest = above.longest.max(length);
    }
}

fn cycle(path: &[Step<'_>], include: &Include, report: &mut Report<'_>) {
    let names = path.iter().map(|step| step.name).skip_while(|name| *name != include.role.value);
    let mut names: Vec<&str> = names.take(DEEPEST).collect();
    names.push(&include.role.value);
    let message = format!("roles include one another in a circle: `{}`", names.join("` → `"));
    report.error("include-cycle", include.role.span, message, "take one of these includes away");
}

fn parameters(policy: &Policy, role: &Role, include: &Include, report: &mut Report<'_>) {
    let Some(included) = policy.roles.get(&include.role.value) else { return };
    let (name, span) = (&include.role.value, include.role.span);
    for (parameter, wanted) in &included.parameters {
        match include.with.get(parameter) {
            Some(values) if values.is_empty() => {
                let message = format!("`{parameter}` of `{name}` is given no value");
                let span = include.places.name(parameter).unwrap_or(span);
                report.error("missing-parameter", span, message, "give at least one value");
            }
            Some(values) => {
                let parameters = values.iter().enumerate().filter_map(|(nth, value)| match value {
                    RowValue::Parameter(given) => Some((nth, given)),
                    RowValue::Literal(_) => None,
                });
                for (nth, given) in parameters {
                    let place = include.places.value(parameter, nth).unwrap_or(span);
                    hand_on(role, (given, place), name, (parameter, *wanted), report);
                }
            }
            None if role.parameters.contains_key(parameter) => {
                hand_on(role, (parameter, span), name, (parameter, *wanted), report);
            }
            None => {
                let message = format!("`{name}` needs a value for its parameter `{parameter}`");
                let help = format!(
                    "write `{{ role: {name}, with: {{ {parameter}: … }} }}`, or declare `{parameter}` in this role's `parameters`"
                );
                report.error("missing-parameter", span, message, help);
            }
        }
    }
    for key in include.with.keys().filter(|key| !included.parameters.contains_key(*key)) {
        let span = include.places.name(key).unwrap_or(span);
        let near = report.suggestion(key, included.parameters.keys());
        let message = format!("`{name}` has no parameter `{key}`");
        report.error(
            "unknown-parameter",
            span,
            message,
            format!("{near}`{name}` declares its parameters under `parameters`"),
        );
    }
}

fn hand_on(
    role: &Role,
    (given, span): (&str, Span),
    name: &str,
    (parameter, wanted): (&str, super::super::model::ParameterType),
    report: &mut Report<'_>,
) {
    match role.parameters.get(given) {
        None => {
            let near = report.suggestion(given, role.parameters.keys());
            let message = format!("this role has no parameter `{given}`");
            report.error("unknown-parameter", span, message, format!("{near}declare it under `parameters`"));
        }
        Some(found) if *found != wanted => {
            let (found, wanted) = (super::parameters::word(*found), super::parameters::word(wanted));
            let message = format!("`{given}` is {found}, but `{parameter}` of `{name}` is {wanted}");
            report.error("parameter-type", span, message, "declare both with the same type");
        }
        Some(_) => {}
    }
}
