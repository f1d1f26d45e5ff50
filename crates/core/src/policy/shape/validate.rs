//! Holds a tree of nodes against the shape and reports everything that does not fit.

use super::{KeyRule, Leaf, Look, MapShape, NamedShape, Shape};
use crate::policy::problem::{Problem, Span};
use crate::policy::yaml::{Node, Value};
use crate::policy::{similar, values};

/// Reports everything in `node` that does not fit `shape`.
pub fn validate(node: &Node, shape: &Shape, problems: &mut Vec<Problem>) {
    at(node, shape, node.span, problems);
}

/// `place` is where to point if nothing stands there.
fn at(node: &Node, shape: &Shape, place: Span, problems: &mut Vec<Problem>) {
    if node.is_null() {
        if !shape.may_be_empty() {
            problems.push(Problem::error(
                "missing-value",
                place,
                "nothing stands here",
                format!("write {}; the text `null` or `~` needs quotes", shape.expected()),
            ));
        }
        return;
    }
    let look = look(node);
    if !shape.takes(look) {
        problems.push(wrong_type(node, shape));
        return;
    }
    match (shape, &node.value) {
        (Shape::Map(shape), _) => map(node, shape, place, problems),
        (Shape::Named(shape), _) => named(node, shape, problems),
        (Shape::List(item) | Shape::OneOrMany(item), Value::List(items)) => {
            items.iter().for_each(|node| at(node, item, node.span, problems));
        }
        (Shape::OneOrMany(item), _) => at(node, item, place, problems),
        (Shape::Either(shapes), _) => {
            if let Some(shape) = shapes.iter().find(|shape| shape.takes(look)) {
                at(node, shape, place, problems);
            }
        }
        (Shape::Leaf(leaf), Value::Scalar(text, _)) => self::leaf(node, *leaf, text, problems),
        // `takes` has sorted these out.
        (Shape::List(_) | Shape::Leaf(_), _) => {}
    }
}

fn look(node: &Node) -> Look {
    match node.value {
        Value::Scalar(..) => Look::Scalar,
        Value::List(_) => Look::List,
        Value::Map(_) => Look::Map,
    }
}

fn wrong_type(node: &Node, shape: &Shape) -> Problem {
    let found = match &node.value {
        // A URL in the wrong place may hold a password too.
        Value::Scalar(text, _) if text.contains("://") || text.len() > 60 => "text".to_owned(),
        Value::Scalar(text, _) => format!("`{text}`"),
        Value::List(_) => "a list".to_owned(),
        Value::Map(_) => "a map".to_owned(),
    };
    let expected = shape.expected();
    let help = match (&node.value, shape) {
        (Value::Map(entries), Shape::Leaf(_)) if entries.len() == 1 => {
            format!("write {expected}; if a `{{` or `: ` is part of the text, put it in quotes")
        }
        (Value::Scalar(text, _), Shape::List(_)) => format!("write `[{text}]`"),
        _ => format!("write {expected}"),
    };
    // A list item that is a URL must not come back through the help either.
    let help = if help.contains("://") { format!("write {expected}") } else { help };
    Problem::error("wrong-type", node.span, format!("found {found} where {expected} should stand"), help)
}

fn leaf(node: &Node, leaf: Leaf, text: &str, problems: &mut Vec<Problem>) {
    if let Err(refusal) = leaf.check(text) {
        problems.push(Problem::error(refusal.code, node.span, refusal.message, refusal.help));
    }
}

fn map(node: &Node, shape: &MapShape, place: Span, problems: &mut Vec<Problem>) {
    for (key, value) in node.entries() {
        let name = key.text().unwrap_or_default();
        match shape.fields.iter().find(|field| field.name == name) {
            Some(field) => at(value, &field.shape, key.span, problems),
            None => problems.push(unknown_key(key, name, shape)),
        }
    }
    for field in shape.fields.iter().filter(|field| field.required && node.get(field.name).is_none()) {
        problems.push(Problem::error(
            "missing-key",
            place,
            format!("{} needs `{}`", shape.title, field.name),
            format!("add `{}:`, {}: {}", field.name, field.shape.expected(), field.doc),
        ));
    }
}

fn unknown_key(key: &Node, name: &str, shape: &MapShape) -> Problem {
    let known: Vec<&str> = shape.fields.iter().map(|field| field.name).collect();
    let meant = shape.fields.iter().find(|field| field.mistaken_for.contains(&name)).map(|field| field.name);
    let meant = meant.or_else(|| similar::nearest(name, known.iter().copied()));
    let help = match meant {
        _ if name == "<<" => "YAML's merge key is not supported: write the values out, or use `includes`".to_owned(),
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("its keys are `{}`", known.join("`, `")),
    };
    Problem::error("unknown-key", key.span, format!("{} has no `{name}`", shape.title), help)
}

fn named(node: &Node, shape: &NamedShape, problems: &mut Vec<Problem>) {
    for (key, value) in node.entries() {
        let name = key.text().unwrap_or_default();
        if let Some(help) = name_help(shape.names, name) {
            problems.push(Problem::error(
                "bad-name",
                key.span,
                format!("`{name}` cannot be the name of {} {}", article(shape.key), shape.key),
                help,
            ));
        }
        at(value, &shape.value, key.span, problems);
    }
}

fn name_help(rule: KeyRule, name: &str) -> Option<&'static str> {
    match rule {
        KeyRule::Any if name.trim().is_empty() => Some("write a name before the `:`"),
        KeyRule::Any if name.trim() != name || name.contains('\n') => Some("take spaces and line breaks off its ends"),
        KeyRule::Word if !values::is_word(name) => Some("use letters, digits, `_`, `-` and `.`: commands name it"),
        KeyRule::Identifier if !values::is_identifier(name) => {
            Some("use lower-case letters, digits and `_`, not beginning with a digit: row filters write `$name`")
        }
        KeyRule::Any | KeyRule::Word | KeyRule::Identifier => None,
    }
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}
