//! What a policy's parts must be to one another: every name leads somewhere, every grant can be given.

mod assignments;
mod expansion;
mod grants;
mod includes;
mod look_alikes;
mod names;
pub(super) mod parameters;
mod people;
mod references;
mod report;
mod requests;
mod usage;

use std::rc::Rc;

use jiff::Timestamp;

use super::model::Policy;
use super::problem::Problem;
use super::yaml::Node;
use report::Report;

/// Reports what is wrong between the parts of a policy, and brings the values of parameters into PostgreSQL's form.
///
/// `roots` are the trees that `policy` was made of.
pub fn check(policy: &mut Policy, roots: &[Rc<Node>], now: Timestamp, problems: &mut Vec<Problem>) {
    let report = &mut Report::new(problems);
    parameters::canonicalise(policy, report);
    references::check(policy, roots, report);
    includes::check(policy, report);
    grants::check(policy, report);
    assignments::check(policy, report);
    people::check(policy, now, report);
    requests::check(policy, report);
    names::check(policy, report);
    // Follows includes to their ends, so these must have some.
    if !report.has_errors() {
        expansion::check(policy, report);
    }
    // Beside errors these are noise: a slip in a role's name also makes the role look unused.
    if !report.has_errors() {
        usage::check(policy, report);
        requests::usage(policy, report);
    }
}
