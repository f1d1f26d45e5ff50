//! The JSON Schema, with a validator and a YAML reader that are not ours, as an editor has them: what Rolecall reads is
//! valid by it, and what has the wrong shape is not.

#![expect(clippy::unwrap_used, reason = "a test's own files")]

use std::path::{Path, PathBuf};

use jsonschema::Validator;
use rolecall_core::policy::json_schema;
use rolecall_core::policy::{Sources, read};
use serde_json::Value;

const NOW: jiff::Timestamp = jiff::Timestamp::constant(1_780_315_200, 0); // 2026-06-01T12:00:00Z

/// Problems that are about the shape, not about what the names in it stand for.
const OF_SHAPE: [&str; 7] =
    ["unknown-key", "wrong-type", "bad-choice", "missing-key", "missing-value", "bad-privilege", "bad-number"];

fn validator() -> Validator {
    jsonschema::draft202012::new(&json_schema()).unwrap()
}

fn faults(validator: &Validator, text: &str) -> Vec<String> {
    let document: Value = serde_saphyr::from_str(text).unwrap();
    validator.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// The codes of shape problems that Rolecall has with it.
fn codes(text: &str) -> Vec<&'static str> {
    let found = read(&Sources::one("policy.yaml", text), NOW).problems;
    found.iter().map(|problem| problem.code).filter(|code| OF_SHAPE.contains(code)).collect()
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every policy of the repository: the starter, the example, the demo's, and those of all scenarios.
fn policies() -> Vec<(String, String)> {
    let mut policies = Vec::new();
    for path in
        ["examples/policy.yaml", "crates/core/src/policy/starter.yaml", "crates/rolecall/src/commands/demo/policy.yaml"]
    {
        policies.push((path.to_owned(), std::fs::read_to_string(repository().join(path)).unwrap()));
    }
    for entry in std::fs::read_dir(repository().join("crates/rolecall/tests/scenarios")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let blocks = text.split("\n```yaml").skip(1).filter_map(|rest| rest.split_once('\n')?.1.split("\n```").next());
        policies.extend(blocks.map(|block| (path.display().to_string(), block.to_owned())));
    }
    policies
}

#[test]
fn every_policy_that_has_no_problem_of_shape_is_valid() {
    let validator = validator();
    let policies = policies();
    assert!(policies.len() > 50, "{}", policies.len());
    for (path, text) in policies {
        if codes(&text).is_empty() {
            assert_eq!(faults(&validator, &text), [""; 0], "{path}:\n{text}");
        }
    }
}

#[test]
fn spellings_that_rolecall_reads_are_valid() {
    let validator = validator();
    let good = std::fs::read_to_string(repository().join("examples/policy.yaml")).unwrap();
    for words in ["SELECT", "Alter_System", "alter system", "TEMP", "all"] {
        let text =
            good.replace("allow: [select], on: \"analytics.*\"", &format!("allow: [{words}], on: \"analytics.*\""));
        assert_ne!(text, good);
        assert_eq!((codes(&text), faults(&validator, &text)), (vec![], vec![]), "{words}");
    }
}

#[test]
fn what_has_the_wrong_shape_is_not_valid() {
    let validator = validator();
    let good = std::fs::read_to_string(repository().join("examples/policy.yaml")).unwrap();
    for (old, new) in [
        ("people:", "users:"),
        ("groups: [support]", "group: [support]"),
        ("reason: required", "reason: sometimes"),
        ("approvals: 1", "approvals: many"),
        ("approvals: 1", "approvals: -1"),
        ("engine: postgres", "engine: oracle"),
        ("allow: [select]", "allow: [selct]"),
        ("allow: [select], ", ""),
        ("database: app, ", ""),
        ("customer: bigint", "customer: number"),
        ("owner: alice@acme.test, ", ""),
        ("dana@acme.test: {}", "dana@acme.test: { standing: asleep }"),
        ("dana@acme.test: {}", "dana@acme.test: [support]"),
        ("includes: [analytics_reader]", "includes: { analytics_reader: true }"),
        ("columns: [id, name, plan]", "columns: [[id, name]]"),
        ("rows: { id: \"$customer\" }", "rows: [id]"),
        ("url: \"${PRODUCTION_URL}\", ", ""),
    ] {
        assert!(good.contains(old), "{old}");
        let bad = good.replace(old, new);
        assert_ne!(codes(&bad), [""; 0], "Rolecall reads {new:?} in place of {old:?}");
        assert_ne!(faults(&validator, &bad), [""; 0], "an editor takes {new:?} in place of {old:?}");
    }
}
