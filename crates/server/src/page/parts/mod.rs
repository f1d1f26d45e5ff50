//! Small pieces that pages are made of.

mod badge;
mod effects;
mod field;
mod grants;
mod lease;
mod said;
mod time;

use maud::{Markup, html};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

pub use badge::{badge, reach, standing, state};
pub use effects::{effects, findings};
pub use field::{Field, problem};
pub use grants::{grants, verbs};
pub use lease::{asked, awaited, leases, values};
pub use said::{entries, entry, said};
pub use time::{ago, duration, exact, left};

use super::gate::{Fields, Viewer};

/// What stands as it is in a part of an address.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'@');

/// One part of an address.
pub fn segment(text: &str) -> String {
    match text {
        // Browsers take these for a way up.
        "." | ".." => text.replace('.', "%2E"),
        _ => utf8_percent_encode(text, PLAIN).to_string(),
    }
}

/// An address with a query.
pub fn link(path: &str, query: &[(&str, String)]) -> String {
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    pairs.extend_pairs(query.iter().filter(|(_, value)| !value.is_empty()));
    let query = pairs.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// Where somebody's page is.
pub fn person_address(id: &str) -> String {
    format!("/people/{}", segment(id))
}

/// A name of the policy: shown as it is, whichever way its letters run.
pub fn name(text: &str) -> Markup {
    html! { bdi.name { (text) } }
}

/// Somebody, with a way to their page if the viewer may see it.
pub fn person(viewer: &Viewer, id: &str) -> Markup {
    let seen = viewer.sight.may(rolecall_core::admit::Action::ViewAccess { of: id });
    let known = rolecall_core::request::principal(viewer.sight.policy(), id).is_some();
    html! {
        @if seen && known { a href=(person_address(id)) { (name(id)) } } @else { (name(id)) }
    }
}

/// A Role, with a way to its page.
pub fn role(viewer: &Viewer, role: &str) -> Markup {
    let known = viewer.sight.policy().roles.contains_key(role);
    html! {
        @if known { a href=(format!("/roles/{}", segment(role))) { (name(role)) } } @else { (name(role)) }
    }
}

/// A person or service, or the operator.
pub fn principal_or_operator(id: Option<&str>) -> Markup {
    html! { @match id { Some(id) => (name(id)), None => "the operator" } }
}

/// What shows that a form is the viewer's own.
pub fn csrf(viewer: &Viewer) -> Markup {
    html! { input type="hidden" name="csrf" value=(viewer.csrf); }
}

/// Nothing is there, and what to do about it.
pub fn empty(what: &str, next: &Markup) -> Markup {
    html! { div.empty { p { strong { (what) } } p { (next) } } }
}

/// Words for what was done, from a fixed list: an address can make a page say nothing else.
pub fn done(fields: &Fields, known: &[(&str, &str)]) -> Markup {
    let words = known.iter().find(|(code, _)| fields.get("done") == *code).map(|(_, words)| *words);
    html! { @if let Some(words) = words { p.done role="status" { (words) } } }
}

/// A way to more of a list.
pub fn more(address: Option<String>, label: &str) -> Markup {
    html! { @if let Some(address) = address { p.more { a.button.secondary href=(address) { (label) } } } }
}

/// `1 change`, `2 changes`.
pub fn count(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}
