//! Policies that are right read without a problem, and mean what they say.

use rolecall_core::policy::{Outcome, Sources, read};

fn read_one(text: &str) -> Outcome {
    read(&Sources::one("policy.yaml", text), "2026-06-01T12:00:00Z".parse().unwrap())
}

#[test]
fn the_example_reads_without_a_problem() {
    let outcome = read_one(include_str!("../../../examples/policy.yaml"));
    assert_eq!(outcome.problems, []);
    let policy = outcome.policy.unwrap();
    assert_eq!(policy.environments.len(), 2);
    assert_eq!(policy.environments["production"].servers["main"].databases.len(), 2);
    assert_eq!(policy.roles["support"].grants[0].columns.len(), 3);
    assert_eq!(policy.services["nightly-report"].owner.value, "alice@acme.test");
}
