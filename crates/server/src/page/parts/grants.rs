//! What a Role gives, in people's words.

use std::collections::BTreeMap;

use maud::{Markup, html};
use rolecall_core::plan;
use rolecall_core::policy::model::{Grant, RowValue};
use rolecall_core::privilege::PrivilegeSet;

type Values = BTreeMap<String, Vec<String>>;

/// Grants; `with` are values for the parameters in them, where there are any.
pub fn grants(grants: &[Grant], with: Option<&Values>) -> Markup {
    html! { ul.grants { @for grant in grants { li { (one(grant, with)) } } } }
}

fn one(grant: &Grant, with: Option<&Values>) -> Markup {
    let on = listed(grant.on.iter().map(|pattern| pattern.value.to_string()));
    html! {
        strong { (verbs(grant.privileges)) } " "
        @if on.is_empty() { "the database " bdi.object { (grant.database.value) } }
        @else { bdi.object { (on) } " in " bdi { (grant.database.value) } }
        @if !grant.columns.is_empty() {
            ", columns " bdi.object { (listed(grant.columns.iter().map(|column| column.value.clone()))) }
        }
        @if !grant.except.is_empty() {
            ", except " bdi.object { (listed(grant.except.iter().map(|pattern| pattern.value.to_string()))) }
        }
        @let rows = rows(grant, with);
        @if !rows.is_empty() { ", rows where " bdi.object { (rows) } }
    }
}

fn rows(grant: &Grant, with: Option<&Values>) -> String {
    let value = |value: &RowValue| match value {
        RowValue::Literal(text) => vec![text.clone()],
        RowValue::Parameter(name) => {
            with.and_then(|with| with.get(name)).cloned().unwrap_or_else(|| vec![format!("${name}")])
        }
    };
    let mut parts: Vec<String> = Vec::new();
    for row in &grant.rows {
        let values: Vec<String> = row.values.iter().flat_map(value).collect();
        parts.push(match values.as_slice() {
            [one] => format!("{} = {one}", row.column.value),
            many => format!("{} in ({})", row.column.value, many.join(", ")),
        });
    }
    parts.extend(grant.condition.as_ref().map(|condition| format!("({})", condition.value.trim())));
    parts.join(" and ")
}

fn listed(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(", ")
}

/// `read`, `read and write`, `read, update`.
pub fn verbs(privileges: Option<PrivilegeSet>) -> String {
    privileges.map_or_else(|| "everything on".to_owned(), plan::verbs)
}
