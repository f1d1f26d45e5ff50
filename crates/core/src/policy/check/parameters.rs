//! Values of parameters: of the right type, and written as PostgreSQL prints them, so that equal values look equal.

use std::collections::BTreeMap;

use jiff::civil;

use super::super::model::{Assignment, ParameterType, Policy, RowValue};
use super::super::problem::Span;
use super::super::values;
use super::report::{Report, clipped};

type Declared = BTreeMap<String, BTreeMap<String, ParameterType>>;

pub fn canonicalise(policy: &mut Policy, report: &mut Report<'_>) {
    let declared: Declared = policy.roles.iter().map(|(name, role)| (name.clone(), role.parameters.clone())).collect();
    for group in policy.groups.values_mut() {
        group.assign.values_mut().flatten().for_each(|assignment| assigned(&declared, assignment, report));
    }
    let people = policy.people.values_mut().map(|person| &mut person.principal);
    let services = policy.services.values_mut().map(|service| &mut service.principal);
    for principal in people.chain(services) {
        principal.assign.values_mut().flatten().for_each(|assignment| assigned(&declared, assignment, report));
    }
    for include in policy.roles.values_mut().flat_map(|role| &mut role.includes) {
        let Some(types) = declared.get(&include.role.value) else { continue };
        for (name, values) in &mut include.with {
            let Some(wanted) = types.get(name) else { continue };
            for (nth, value) in values.iter_mut().enumerate() {
                if let RowValue::Literal(text) = value {
                    let span = include.places.value(name, nth).unwrap_or(include.role.span);
                    one(name, *wanted, text, span, report);
                }
            }
        }
    }
}

fn assigned(declared: &Declared, assignment: &mut Assignment, report: &mut Report<'_>) {
    let Some(types) = declared.get(&assignment.role.value) else { return };
    for (name, values) in &mut assignment.with {
        let Some(wanted) = types.get(name) else { continue };
        for (nth, value) in values.iter_mut().enumerate() {
            let span = assignment.places.value(name, nth).unwrap_or(assignment.role.span);
            one(name, *wanted, value, span, report);
        }
        values.sort();
        values.dedup();
    }
}

fn one(name: &str, wanted: ParameterType, text: &mut String, span: Span, report: &mut Report<'_>) {
    match canonical(wanted, text) {
        Some(value) => *text = value,
        None => {
            let message = format!("`{}` is no value for `{name}`, which is {}", clipped(text), word(wanted));
            report.error("bad-parameter-value", span, message, format!("write {}", example(wanted)));
        }
    }
}

/// A value in PostgreSQL's text form; None if it is none of the type.
pub fn canonical(wanted: ParameterType, text: &str) -> Option<String> {
    let whole = |least: i64, most: i64| {
        values::whole(text.trim()).filter(|number| (least..=most).contains(number)).map(|number| number.to_string())
    };
    match wanted {
        ParameterType::Smallint => whole(i16::MIN.into(), i16::MAX.into()),
        ParameterType::Integer => whole(i32::MIN.into(), i32::MAX.into()),
        ParameterType::Bigint => whole(i64::MIN, i64::MAX),
        ParameterType::Text => Some(text.to_owned()),
        ParameterType::Uuid => uuid(text.trim()),
        ParameterType::Date => {
            let day = text.trim();
            day.parse::<civil::Date>().ok().filter(|_| day.len() == 10).map(|date| date.to_string())
        }
        ParameterType::Boolean => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" => Some("true".to_owned()),
            "false" | "no" | "off" => Some("false".to_owned()),
            _ => None,
        },
    }
}

fn uuid(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    let hexadecimal = parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()));
    (hexadecimal && lengths == [8, 4, 4, 4, 12]).then(|| text.to_ascii_lowercase())
}

/// The type as a policy writes it.
pub fn word(parameter: ParameterType) -> &'static str {
    match parameter {
        ParameterType::Smallint => "smallint",
        ParameterType::Integer => "integer",
        ParameterType::Bigint => "bigint",
        ParameterType::Text => "text",
        ParameterType::Uuid => "uuid",
        ParameterType::Date => "date",
        ParameterType::Boolean => "boolean",
    }
}

fn example(parameter: ParameterType) -> &'static str {
    match parameter {
        ParameterType::Smallint => "a whole number from -32768 to 32767",
        ParameterType::Integer => "a whole number from -2147483648 to 2147483647",
        ParameterType::Bigint => "a whole number of at most 64 bits",
        ParameterType::Text => "any text",
        ParameterType::Uuid => "a UUID such as `a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11`",
        ParameterType::Date => "a day such as `2026-12-31`",
        ParameterType::Boolean => "`true` or `false`",
    }
}
