//! Keeps passwords that somebody wrote into a policy, in whatever place, out of what is said about it.

use super::problem::Problem;

/// Takes from the message and the help what may be a secret.
pub fn problem(problem: &mut Problem) {
    text(&mut problem.message);
    if let Some(help) = &mut problem.help {
        text(help);
    }
}

/// Takes from any text what may be a secret.
pub fn text(text: &mut String) {
    for marker in ["://", "password="] {
        hide(text, marker);
    }
}

/// Cuts what follows each marker, up to where a name or value ends.
fn hide(text: &mut String, marker: &str) {
    if !text.contains(marker) {
        return;
    }
    let mut kept = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once(marker) {
        kept.push_str(before);
        kept.push_str(marker);
        kept.push('…');
        let end = after.find(|c: char| c.is_whitespace() || matches!(c, '`' | '"')).unwrap_or(after.len());
        rest = after.get(end..).unwrap_or_default();
    }
    kept.push_str(rest);
    *text = kept;
}
