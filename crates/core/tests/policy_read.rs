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

#[test]
fn the_starter_reads_without_a_problem() {
    assert_eq!(read_one(rolecall_core::policy::STARTER).problems, []);
}

#[test]
fn the_schema_describes_every_section() {
    let schema = rolecall_core::policy::json_schema();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    for section in ["environments", "roles", "groups", "people", "services"] {
        assert!(schema["properties"][section]["description"].is_string(), "{section}");
    }
    assert_eq!(schema["$defs"]["grant"]["required"], serde_json::json!(["database", "allow", "on"]));
}

#[test]
fn the_reference_names_every_map() {
    let reference = rolecall_core::policy::reference_markdown();
    for heading in ["## The policy", "## An environment", "## A grant", "## A person"] {
        assert!(reference.contains(heading), "{heading}");
    }
}
