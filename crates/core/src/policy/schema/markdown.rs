//! The reference: one section for each map of the policy, from the top down.

use std::fmt::Write as _;

use crate::policy::shape::{Field, Leaf, MapShape, POLICY, Shape};

/// The policy's reference in Markdown.
pub fn reference_markdown() -> String {
    let mut sections: Vec<&'static MapShape> = Vec::new();
    collect(&POLICY, &mut sections);
    let mut text = String::from("# The policy, key by key\n");
    sections.into_iter().for_each(|map| section(map, &mut text));
    text
}

fn collect(map: &'static MapShape, sections: &mut Vec<&'static MapShape>) {
    if sections.iter().any(|known| known.title == map.title) {
        return;
    }
    sections.push(map);
    map.fields.iter().for_each(|field| below(&field.shape, sections));
}

fn below(shape: &'static Shape, sections: &mut Vec<&'static MapShape>) {
    match shape {
        Shape::Map(map) => collect(map, sections),
        Shape::Named(named) => below(&named.value, sections),
        Shape::List(item) | Shape::OneOrMany(item) => below(item, sections),
        Shape::Either(shapes) => shapes.iter().for_each(|shape| below(shape, sections)),
        Shape::Leaf(_) => {}
    }
}

// Writing to a String cannot fail.
fn section(map: &MapShape, text: &mut String) {
    let _ = write!(text, "\n## {}\n\n{}\n\n", capital(map.title), map.doc);
    let _ = writeln!(text, "| Key | What it is for | What stands there | Without it |\n| --- | --- | --- | --- |");
    for field in map.fields {
        let _ = writeln!(
            text,
            "| `{}` | {}{} | {} | {} |",
            field.name,
            cell(field.doc),
            cell(&words(field)),
            cell(&capital(&value(&field.shape))),
            if field.required { "must be there" } else { field.default },
        );
    }
    if !map.example.is_empty() {
        let _ = write!(text, "\n```yaml\n{}\n```\n", map.example);
    }
}

fn value(shape: &Shape) -> String {
    match shape {
        Shape::Map(map) => format!("[{}](#{})", map.title, anchor(map.title)),
        Shape::Named(named) => format!("a map: {} → {}", named.key, value(&named.value)),
        Shape::List(item) => format!("a list: {}", value(item)),
        Shape::OneOrMany(item) => format!("{}, or a list", value(item)),
        Shape::Either(shapes) => shapes.iter().map(value).collect::<Vec<_>>().join("; or "),
        Shape::Leaf(leaf) => leaf.expected(),
    }
}

fn words(field: &Field) -> String {
    match &field.shape {
        Shape::Leaf(Leaf::Choice(words)) => {
            words.iter().map(|word| format!(" `{}`: {}", word.word, word.doc)).collect()
        }
        Shape::Map(_) | Shape::Named(_) | Shape::List(_) | Shape::OneOrMany(_) | Shape::Either(_) | Shape::Leaf(_) => {
            String::new()
        }
    }
}

/// As Markdown viewers make it of a heading.
fn anchor(title: &str) -> String {
    title.to_lowercase().replace(' ', "-")
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}
