//! Where one statement ends and the next begins.

/// The statements of a text, without their semicolons.
pub fn statements(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut begin, mut at) = (0, 0);
    while let Some(letter) = text[at..].chars().next() {
        if let Some(end) = opens(&text[at..]) {
            let inside = at + end.len().max(if letter == '-' { 2 } else { 1 });
            at = text[inside..].find(end).map_or(text.len(), |length| inside + length + end.len());
            continue;
        }
        if letter == ';' {
            found.push(text[begin..at].trim());
            begin = at + 1;
        }
        at += letter.len_utf8();
    }
    found.push(text[begin..].trim());
    found.retain(|statement| !statement.is_empty());
    found
}

/// What ends the string, name, comment or body that begins here.
fn opens(text: &str) -> Option<&str> {
    let body = || {
        let tag = text.strip_prefix('$')?.find(|letter: char| !letter.is_alphanumeric() && letter != '_')? + 1;
        text[tag..].starts_with('$').then(|| &text[..=tag])
    };
    match text.chars().next()? {
        '\'' => Some("'"),
        '"' => Some("\""),
        '-' if text.starts_with("--") => Some("\n"),
        '$' => body(),
        _ => None,
    }
}

#[test]
fn splits_outside_of_strings_and_bodies() {
    let text = "-- it's one; really\nDO $a$ x; 'y $$ $a$;\nSELECT ';''', \"a;b\" ;; COMMIT";
    let found = ["-- it's one; really\nDO $a$ x; 'y $$ $a$", "SELECT ';''', \"a;b\"", "COMMIT"];
    assert_eq!(statements(text), found);
}
