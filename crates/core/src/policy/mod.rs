//! The policy: its text, its meaning, its problems.

mod check;
pub mod condition;
mod decode;
pub mod model;
pub mod names;
pub mod pattern;
pub mod problem;
pub(crate) mod redact;
mod schema;
mod shape;
pub mod similar;
mod source;
mod starter;
mod values;
mod yaml;

use jiff::Timestamp;

use model::Policy;
use problem::Problem;

pub use check::parameters::{canonical, word as type_word};
pub use schema::{json_schema, reference_markdown};
pub use source::{LARGEST, Position, Source, Sources};
pub use starter::STARTER;
pub(crate) use values::regex;

/// How many problems are worth reporting.
const MOST_PROBLEMS: usize = 1_000;

/// What came of reading a policy.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The policy; None if any of the problems is an error.
    pub policy: Option<Policy>,
    /// Everything that is wrong with it, in the order of the files and the places in them.
    pub problems: Vec<Problem>,
}

/// Reads and checks a policy. `now` decides what has ended.
pub fn read(sources: &Sources, now: Timestamp) -> Outcome {
    let mut problems = sources.problems();
    let policy = if problems.is_empty() { understand(sources, now, &mut problems) } else { None };
    problems
        .sort_by(|a, b| a.span.cmp(&b.span).then_with(|| a.code.cmp(b.code)).then_with(|| a.message.cmp(&b.message)));
    problems.dedup();
    let usable = !problems.iter().any(Problem::is_error);
    shorten(&mut problems);
    problems.iter_mut().for_each(redact::problem);
    Outcome { policy: policy.filter(|_| usable), problems }
}

/// Past a thousand problems nobody reads on, and the first are the likeliest cause of the rest.
fn shorten(problems: &mut Vec<Problem>) {
    let Some(first) = problems.get(MOST_PROBLEMS) else { return };
    let span = first.span;
    let rest = problems.split_off(MOST_PROBLEMS);
    let message = format!("there are {} more problems", rest.len());
    let report = if rest.iter().any(Problem::is_error) { Problem::error } else { Problem::warning };
    problems.push(report("more-problems", span, message.as_str(), "solve the first ones and look again"));
}

fn understand(sources: &Sources, now: Timestamp, problems: &mut Vec<Problem>) -> Option<Policy> {
    let mut policy = Policy::default();
    let (mut roots, mut complete) = (Vec::new(), true);
    for (index, file) in sources.files().iter().enumerate() {
        let number = u32::try_from(index).unwrap_or(u32::MAX);
        let known = problems.len();
        let Some(root) = yaml::parse(number, &file.text, problems) else {
            complete &= problems.len() == known;
            continue;
        };
        shape::validate(&root, &shape::Shape::Map(&shape::POLICY), problems);
        decode::policy(&root, sources, &mut policy, problems);
        roots.push(root);
    }
    let said_something = roots.iter().any(|root| !root.entries().is_empty());
    if !said_something && problems.is_empty() {
        problems.push(Problem::error(
            "empty-policy",
            Default::default(),
            "the policy says nothing",
            "an empty policy would take all access away; `rolecall init` writes one to start from",
        ));
    }
    // While a file cannot be read, every name in it would be unknown.
    if complete {
        check::check(&mut policy, &roots, now, problems);
    }
    Some(policy)
}
