//! Keeps passwords that somebody wrote into a policy, in whatever place, out of what is said about it, and keeps what is
//! quoted from it from looking like something else.

use super::problem::Problem;
use super::source::is_unprintable;

/// Takes from the message and the help what may be a secret, and what a terminal would obey instead of showing it.
pub fn problem(problem: &mut Problem) {
    for said in [Some(&mut problem.message), problem.help.as_mut()].into_iter().flatten() {
        text(said);
        one_line(said);
    }
}

/// A value of several lines, or one with escape sequences, could pretend to be another problem.
fn one_line(text: &mut String) {
    let shown = |(at, c): (usize, char)| match c {
        c if c.is_whitespace() => ' ',
        c if is_unprintable(at, c) => '\u{fffd}',
        c => c,
    };
    if text.chars().any(|c| c.is_control() || is_unprintable(1, c)) {
        *text = text.char_indices().map(shown).collect();
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
