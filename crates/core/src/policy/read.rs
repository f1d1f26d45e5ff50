//! Files to a policy and its problems: the one way in.

use std::collections::HashMap;
use std::rc::Rc;

use jiff::Timestamp;

use super::model::Policy;
use super::problem::{Problem, Span};
use super::shape::{POLICY, Shape, validate};
use super::source::Sources;
use super::yaml::{self, Node, Value};
use super::{check, decode};

/// How many problems are worth reporting.
const MOST_PROBLEMS: usize = 1_000;

/// What came out of reading a policy.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The policy, unless a problem is an error.
    pub policy: Option<Policy>,
    /// All problems, in the order of their places.
    pub problems: Vec<Problem>,
}

/// Reads and checks a policy. `now` is the time for which owners and ends are judged.
pub fn read(sources: &Sources, now: Timestamp) -> Outcome {
    let mut problems = sources.problems();
    let mut policy = None;
    if problems.is_empty() {
        let roots = parse(sources, &mut problems);
        if let Some(root) = merge(sources, roots, &mut problems) {
            validate(&root, &Shape::Map(&POLICY), &mut problems);
            let mut decoded = decode::policy(&root, &mut problems);
            check::check(&mut decoded.policy, &decoded.places, now, &mut problems);
            policy = Some(decoded.policy);
        }
    }
    problems.sort_by(|a, b| (a.span, a.code, &a.message).cmp(&(b.span, b.code, &b.message)));
    // One mistake under an alias is found wherever the alias stands.
    problems.dedup();
    let policy = policy.filter(|_| !problems.iter().any(Problem::is_error));
    Outcome { policy, problems: shorten(problems) }
}

/// The root of each file that has one.
fn parse(sources: &Sources, problems: &mut Vec<Problem>) -> Vec<Rc<Node>> {
    let mut roots = Vec::new();
    let before = problems.len();
    for (index, file) in sources.files().iter().enumerate() {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        let Some(root) = yaml::parse(index, &file.text, problems) else { continue };
        match &root.value {
            // A file of nothing but comments is no mistake as long as another says something.
            Value::Scalar(..) if root.is_null() => {}
            Value::Map(_) => roots.push(root),
            Value::Scalar(..) | Value::List(_) => problems.push(Problem::error(
                "wrong-type",
                root.span,
                "a policy is a map, with keys such as `environments:` and `roles:`",
                "`rolecall init` writes a policy to begin with",
            )),
        }
    }
    if roots.is_empty() && problems.len() == before {
        problems.push(Problem::error(
            "empty-policy",
            Span::default(),
            "there is no policy here",
            "`rolecall init` writes one to begin with",
        ));
    }
    roots
}

/// One tree out of several: the maps at the top are laid together.
fn merge(sources: &Sources, roots: Vec<Rc<Node>>, problems: &mut Vec<Problem>) -> Option<Rc<Node>> {
    let (first, more) = roots.split_first()?;
    if more.is_empty() {
        return Some(Rc::clone(first));
    }
    let mut parts: Vec<(Rc<Node>, Vec<Rc<Node>>)> = Vec::new();
    for (key, value) in roots.iter().flat_map(|root| root.entries()) {
        match parts.iter_mut().find(|(known, _)| known.text() == key.text()) {
            Some((_, values)) => values.push(Rc::clone(value)),
            None => parts.push((Rc::clone(key), vec![Rc::clone(value)])),
        }
    }
    let mut entries = Vec::new();
    for (key, values) in parts {
        entries.push((key, section(sources, &values, problems)?));
    }
    Some(Rc::new(Node::map(first.span, entries)))
}

/// The entries of one section out of several files.
fn section(sources: &Sources, values: &[Rc<Node>], problems: &mut Vec<Problem>) -> Option<Rc<Node>> {
    let first = values.first()?;
    let mut seen: HashMap<&str, Span> = HashMap::new();
    let mut entries = Vec::new();
    for value in values {
        if !matches!(value.value, Value::Map(_)) && !value.is_null() {
            validate_alone(value, problems);
        }
        for (key, value) in value.entries() {
            let name = key.text().unwrap_or_default();
            match seen.get(name) {
                None => {
                    seen.insert(name, key.span);
                    entries.push((Rc::clone(key), Rc::clone(value)));
                }
                Some(earlier) => problems.push(Problem::error(
                    "duplicate-name",
                    key.span,
                    format!("`{name}` stands here a second time; the first is at {}", sources.place(*earlier)),
                    "keep one of the two; the files of a policy are read as one",
                )),
            }
        }
    }
    Some(Rc::new(Node::map(first.span, entries)))
}

fn validate_alone(value: &Node, problems: &mut Vec<Problem>) {
    problems.push(Problem::error(
        "wrong-type",
        value.span,
        "a map of names should stand here",
        "write `name:` and what belongs to it on the lines below",
    ));
}

/// Past a thousand problems nobody reads on, and the first are the likeliest cause of the rest.
fn shorten(mut problems: Vec<Problem>) -> Vec<Problem> {
    if problems.len() > MOST_PROBLEMS {
        let more = problems.len() - MOST_PROBLEMS;
        let span = problems.get(MOST_PROBLEMS).map(|problem| problem.span).unwrap_or_default();
        let errors = problems.iter().skip(MOST_PROBLEMS).any(Problem::is_error);
        problems.truncate(MOST_PROBLEMS);
        let (message, help) = (format!("there are {more} more problems"), "solve the first ones and look again");
        problems.push(if errors {
            Problem::error("more-problems", span, message, help)
        } else {
            Problem::warning("more-problems", span, message, help)
        });
    }
    problems
}
