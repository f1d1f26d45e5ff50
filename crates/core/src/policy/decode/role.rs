//! Roles, their grants and what grants are made of.

use std::collections::BTreeMap;

use super::super::model::{Grant, Include, ParameterType, Places, Role, RowMatch, RowValue, Spanned};
use super::super::pattern::Pattern;
use super::super::problem::{Problem, Span};
use super::super::values;
use super::super::yaml::{Node, Value};
use super::{entries, name, names, nothing, spanned, text, with};
use crate::privilege::{Privilege, PrivilegeSet};

pub(super) fn role(span: Span, node: &Node) -> Role {
    let parameters = entries(node.get("parameters"));
    Role {
        span,
        description: text(node, "description"),
        owner: name(node, "owner"),
        includes: items(node, "includes").into_iter().filter_map(include).collect(),
        parameters: parameters.filter_map(|(key, _, value)| Some((key.to_owned(), parameter_type(value)?))).collect(),
        grants: items(node, "grants").into_iter().map(grant).collect(),
        member_of: names(node.get("member_of")),
    }
}

fn include(node: &Node) -> Option<Include> {
    if let Some(role) = spanned(node) {
        return Some(Include { role, with: BTreeMap::new(), places: Places::default() });
    }
    let (with, places) = with(node, values::row_value);
    Some(Include { role: name(node, "role")?, with, places })
}

fn grant(node: &Node) -> Grant {
    let rows = entries(node.get("rows"));
    Grant {
        span: node.span,
        database: name(node, "database").unwrap_or_else(|| nothing(node.span)),
        privileges: privileges(node.get("allow")),
        on: patterns(node, "on"),
        except: patterns(node, "except"),
        columns: names(node.get("columns")),
        rows: rows.map(|(key, span, value)| row_match(key, span, value)).collect(),
        condition: name(node, "where"),
    }
}

fn row_match(column: &str, span: Span, node: &Node) -> RowMatch {
    RowMatch { column: Spanned { value: column.to_owned(), span }, values: row_values(node) }
}

fn row_values(node: &Node) -> Vec<RowValue> {
    node.items().into_iter().filter_map(|value| values::row_value(value.text()?)).collect()
}

/// None is `all`.
pub(super) fn privileges(node: Option<&Node>) -> Option<PrivilegeSet> {
    let words: Vec<&str> = node.map(Node::items).unwrap_or_default().into_iter().filter_map(Node::text).collect();
    if words.contains(&"all") {
        return None;
    }
    Some(words.into_iter().filter_map(Privilege::from_word).collect())
}

pub(super) fn patterns(node: &Node, key: &str) -> Vec<Spanned<Pattern>> {
    let pattern = |node: &Node| Some(Spanned { value: Pattern::parse(node.text()?).ok()?, span: node.span });
    items(node, key).into_iter().filter_map(pattern).collect()
}

pub(super) fn items<'a>(node: &'a Node, key: &str) -> Vec<&'a Node> {
    node.get(key).map(Node::items).unwrap_or_default()
}

fn parameter_type(node: &Node) -> Option<ParameterType> {
    Some(match node.text()? {
        "smallint" => ParameterType::Smallint,
        "integer" => ParameterType::Integer,
        "bigint" => ParameterType::Bigint,
        "text" => ParameterType::Text,
        "uuid" => ParameterType::Uuid,
        "date" => ParameterType::Date,
        "boolean" => ParameterType::Boolean,
        _ => return None,
    })
}

/// Empty filters: no columns at all and all columns look alike in the model, so neither may be written as a list of nothing.
pub(super) fn emptiness(root: &Node, problems: &mut Vec<Problem>) {
    let grants = entries(root.get("roles")).flat_map(|(_, _, role)| items(role, "grants"));
    for grant in grants {
        for key in ["columns", "rows", "allow", "on", "where"] {
            let written = grant.entries().iter().find(|(found, _)| found.text() == Some(key));
            if let Some((key_node, _)) = written.filter(|(_, value)| is_empty(value)) {
                problems.push(empty(key, key_node.span));
            }
        }
        for (column, span, _) in entries(grant.get("rows")).filter(|(_, _, values)| is_empty(values)) {
            problems.push(empty(column, span));
        }
    }
}

fn is_empty(node: &Node) -> bool {
    match &node.value {
        Value::Scalar(text, _) => node.is_null() || text.trim().is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Map(entries) => entries.is_empty(),
    }
}

fn empty(key: &str, span: Span) -> Problem {
    Problem::error(
        "empty-filter",
        span,
        format!("`{key}` is empty"),
        "fill it in; to mean everything, leave it out; to mean nothing, take the grant away",
    )
}
