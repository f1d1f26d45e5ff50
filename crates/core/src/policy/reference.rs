//! The policy's shape as a Markdown reference.

use super::shape::{Field, Leaf, MapShape, POLICY, Shape};

/// Every key of a policy, map by map, with what it is for.
pub fn reference_markdown() -> String {
    let mut found: Vec<&'static MapShape> = Vec::new();
    collect(&POLICY, &mut found);
    let mut text = String::from("# The policy, key by key\n");
    for shape in found {
        section(shape, &mut text);
    }
    text
}

/// The maps in the order in which a reader meets them.
fn collect(shape: &'static MapShape, found: &mut Vec<&'static MapShape>) {
    if found.iter().any(|known| std::ptr::eq(*known, shape)) {
        return;
    }
    found.push(shape);
    shape.fields.iter().for_each(|field| inside(&field.shape, found));
}

fn inside(shape: &'static Shape, found: &mut Vec<&'static MapShape>) {
    match shape {
        Shape::Map(map) => collect(map, found),
        Shape::Named(named) => inside(&named.value, found),
        Shape::List(item) | Shape::OneOrMany(item) => inside(item, found),
        Shape::Either(shapes) => shapes.iter().for_each(|shape| inside(shape, found)),
        Shape::Leaf(_) => {}
    }
}

fn section(shape: &MapShape, text: &mut String) {
    let mut title = shape.title.trim_start_matches("a ").trim_start_matches("an ").to_owned();
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    *text += &format!("\n## {title}\n\n{}\n\n", shape.doc);
    *text += "| key | what stands there | meaning | without it |\n|---|---|---|---|\n";
    for field in shape.fields {
        let without = match (field.required, field.default) {
            (true, _) => "**required**",
            (false, "") => "–",
            (false, default) => default,
        };
        let cells = [&format!("`{}`", field.name), &field.shape.expected(), &meaning(field), without].map(cell);
        *text += &format!("| {} |\n", cells.join(" | "));
    }
    if !shape.example.is_empty() {
        *text += &format!("\n```yaml\n{}\n```\n", shape.example);
    }
}

/// The doc, and what each word means where there is a choice.
fn meaning(field: &Field) -> String {
    let Shape::Leaf(Leaf::Choice(words)) = &field.shape else { return field.doc.to_owned() };
    let words: Vec<_> = words.iter().map(|word| format!("`{}`: {}", word.word, word.doc)).collect();
    format!("{} {}", field.doc, words.join(" "))
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
