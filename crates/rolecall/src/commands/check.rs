//! `rolecall check`: every problem of a policy at once.

use rolecall_control::source::Loaded;

use crate::args::Check;
use crate::{Outcome, load, show};

/// Reads the policy and says what is wrong with it.
pub fn run(check: &Check) -> anyhow::Result<Outcome> {
    let Loaded { sources, outcome, .. } = load::load(&check.policy.policy)?;
    if check.json {
        println!("{:#}", show::problems_json(&sources, &outcome.problems));
    } else {
        show::problems(&sources, &outcome.problems);
        let errors = outcome.problems.iter().filter(|problem| problem.is_error()).count();
        let warnings = outcome.problems.len() - errors;
        match &outcome.policy {
            Some(policy) => println!(
                "The policy can be used: {}, {}, {}, {} people, {}, {}.",
                show::count(policy.environments.len(), "environment"),
                show::count(policy.roles.len(), "role"),
                show::count(policy.groups.len(), "group"),
                policy.people.len(),
                show::count(policy.services.len(), "service"),
                show::count(warnings, "warning"),
            ),
            None => eprintln!(
                "The policy cannot be used: {}, {}.",
                show::count(errors, "error"),
                show::count(warnings, "warning")
            ),
        }
    }
    Ok(if outcome.policy.is_some() { Outcome::Done } else { Outcome::Failed })
}
