//! Puts statements together: lists that wrap, and DO blocks whose quotes nothing in them can end.

use std::fmt::Display;

/// Where a list begins a new line. psql and reviewers read it, not machines.
const WIDTH: usize = 100;

/// `a, b, c`, on further lines where it gets long.
pub fn list<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    let (mut text, mut line) = (String::new(), 0);
    for item in items {
        let item = item.to_string();
        if line > 0 && line + item.len() > WIDTH {
            text.push_str(",\n    ");
            line = 0;
        } else if line > 0 {
            text.push_str(", ");
        }
        line += item.len() + 2;
        text.push_str(&item);
    }
    text
}

/// A DO block. The dollar quote's tag is one that `body`, which holds names, does not contain.
pub fn block(body: &str) -> String {
    let mut tag = "$rolecall$".to_owned();
    let mut number = 0;
    while body.contains(&tag) {
        number += 1;
        tag = format!("$rolecall{number}$");
    }
    format!("DO {tag}\n{body}\n{tag}")
}
