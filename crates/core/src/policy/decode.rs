//! A tree of nodes to the policy that it means. What does not fit the shape has been reported before and is left out.

mod environment;
mod requests;
mod role;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use jiff::Timestamp;

use super::model::{Assignment, Group, Person, Places, Policy, Principal, Service, Spanned};
use super::problem::{Problem, Span};
use super::source::Sources;
use super::values;
use super::yaml::Node;

/// Adds what one file says to `policy`.
pub fn policy(root: &Node, sources: &Sources, policy: &mut Policy, problems: &mut Vec<Problem>) {
    let mut merge = Merge { sources, problems };
    merge.section(root, "environments", &mut policy.environments, environment::environment, |e| e.span);
    merge.section(root, "roles", &mut policy.roles, role::role, |role| role.span);
    merge.section(root, "groups", &mut policy.groups, group, |group| group.span);
    merge.section(root, "people", &mut policy.people, person, |person| person.principal.span);
    merge.section(root, "services", &mut policy.services, service, |service| service.principal.span);
    requests::access(root, sources, policy, problems);
    environment::contradictions(root, problems);
    role::emptiness(root, problems);
}

struct Merge<'a> {
    sources: &'a Sources,
    problems: &'a mut Vec<Problem>,
}

impl Merge<'_> {
    fn section<T>(
        &mut self,
        root: &Node,
        name: &str,
        into: &mut BTreeMap<String, T>,
        decode: fn(Span, &Node) -> T,
        span_of: fn(&T) -> Span,
    ) {
        for (key, span, value) in entries(root.get(name)) {
            match into.entry(key.to_owned()) {
                Entry::Vacant(free) => {
                    free.insert(decode(span, value));
                }
                Entry::Occupied(earlier) => self.problems.push(Problem::error(
                    "duplicate-key",
                    span,
                    format!("`{key}` is here and at {}", self.sources.place(span_of(earlier.get()))),
                    "keep one of the two: files are merged, names are not",
                )),
            }
        }
    }
}

fn group(span: Span, node: &Node) -> Group {
    Group { span, assign: assign(node), may_request: may_request(node) }
}

fn person(span: Span, node: &Node) -> Person {
    Person { principal: principal(span, node), name: text(node, "name") }
}

fn service(span: Span, node: &Node) -> Service {
    let owner = name(node, "owner").unwrap_or_else(|| nothing(span));
    Service { principal: principal(span, node), owner }
}

fn principal(span: Span, node: &Node) -> Principal {
    Principal {
        span,
        account: name(node, "account"),
        suspended: scalar(node, "standing") == Some("suspended"),
        starts: time(node, "starts"),
        ends: time(node, "ends"),
        groups: names(node.get("groups")),
        assign: assign(node),
        may_request: may_request(node),
    }
}

fn assign(node: &Node) -> BTreeMap<String, Vec<Assignment>> {
    let environments = entries(node.get("assign"));
    environments
        .map(|(key, _, value)| (key.to_owned(), value.items().into_iter().filter_map(assignment).collect()))
        .collect()
}

fn assignment(node: &Node) -> Option<Assignment> {
    if let Some(role) = spanned(node) {
        return Some(Assignment { role, with: BTreeMap::new(), places: Places::default(), starts: None, ends: None });
    }
    let (with, places) = with(node, |text| Some(text.to_owned()));
    Some(Assignment { role: name(node, "role")?, with, places, starts: time(node, "starts"), ends: time(node, "ends") })
}

/// The values of parameters, and where they stand.
fn with<T>(node: &Node, read: impl Fn(&str) -> Option<T>) -> (BTreeMap<String, Vec<T>>, Places) {
    let (mut with, mut places) = (BTreeMap::new(), Places::default());
    for (key, span, value) in entries(node.get("with")) {
        let items = value.items().into_iter().filter_map(|item| Some((read(item.text()?)?, item.span)));
        let (values, spans) = items.unzip();
        with.insert(key.to_owned(), values);
        places.by_parameter.insert(key.to_owned(), (span, spans));
    }
    (with, places)
}

fn may_request(node: &Node) -> BTreeMap<String, Vec<Spanned<String>>> {
    entries(node.get("may_request")).map(|(key, _, value)| (key.to_owned(), names(Some(value)))).collect()
}

/// The entries of a map: key, where it stands, value.
fn entries(node: Option<&Node>) -> impl Iterator<Item = (&str, Span, &Node)> {
    let entries = node.map(Node::entries).unwrap_or_default();
    entries.iter().filter_map(|(key, value)| Some((key.text()?, key.span, &**value)))
}

/// What stands for a name that is missing; the shape has reported it.
fn nothing(span: Span) -> Spanned<String> {
    Spanned { value: String::new(), span }
}

fn scalar<'a>(node: &'a Node, key: &str) -> Option<&'a str> {
    node.get(key).filter(|node| !node.is_null()).and_then(Node::text)
}

fn text(node: &Node, key: &str) -> Option<String> {
    scalar(node, key).map(str::to_owned)
}

fn spanned(node: &Node) -> Option<Spanned<String>> {
    let value = node.text().filter(|_| !node.is_null())?.to_owned();
    Some(Spanned { value, span: node.span })
}

fn name(node: &Node, key: &str) -> Option<Spanned<String>> {
    node.get(key).and_then(spanned)
}

fn names(node: Option<&Node>) -> Vec<Spanned<String>> {
    node.map(Node::items).unwrap_or_default().into_iter().filter_map(spanned).collect()
}

fn time(node: &Node, key: &str) -> Option<Timestamp> {
    scalar(node, key).and_then(values::time)
}
