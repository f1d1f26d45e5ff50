//! Policies that are right read without a problem, and mean what they say.

use rolecall_core::policy::{Outcome, Sources, read};

const NOW: jiff::Timestamp = jiff::Timestamp::constant(1_780_315_200, 0); // 2026-06-01T12:00:00Z

fn read_one(text: &str) -> Outcome {
    read(&Sources::one("policy.yaml", text), NOW)
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

#[test]
fn several_files_are_one_policy() {
    let (top, roles) = include_str!("../../../examples/policy.yaml").split_once("\nroles:").unwrap();
    let mut sources: Sources = [("a.yaml", top.to_owned()), ("b.yaml", format!("roles:{roles}"))].into_iter().collect();
    assert_eq!(read(&sources, NOW).problems, []);
    sources.add("c.yaml", "people:\n  bob@acme.test: {}\n");
    let outcome = read(&sources, NOW);
    assert!(outcome.policy.is_none());
    let [problem] = outcome.problems.as_slice() else { panic!("{:?}", outcome.problems) };
    assert_eq!((problem.code, sources.place(problem.span).as_str()), ("duplicate-key", "c.yaml:2:3"));
    assert_eq!((sources.name(problem.span.file), sources.excerpt(problem.span)), ("c.yaml", "bob@acme.test"));
}

#[test]
fn values_are_brought_into_one_form() {
    let text = include_str!("../../../examples/policy.yaml").replace(
        "groups: [support] }",
        "groups: [support], assign: { production: [{ role: support, with: { customer: [042, 42, 7] } }] } }",
    );
    let policy = read_one(&text).policy.unwrap();
    let assignment = &policy.people["bob@acme.test"].principal.assign["production"][0];
    assert_eq!(assignment.with["customer"], ["42", "7"]);
}

#[test]
fn the_rules_for_requests_are_understood() {
    let text = "rolecall: { administrators: ops, auditors: [dana@acme.test], approvers: [ops] }
environments:
  production:
    servers: { main: { url: \"${A}\", databases: [app] } }
    rules:
      reason_pattern: '[A-Z]+-[0-9]+'
      approvals: 2
      approvers: [owner, dana@acme.test]
      request_expiry: 1h
      extension: refuse
      roles:
        reader:
          approvals: 0
          break_glass: { allow: ops, reviewers: [owner], max_duration: 30m, review_within: 2d }
groups: { ops: { assign: { production: [reader] } } }
people: { dana@acme.test: { groups: [ops] } }
roles:
  reader: { owner: dana@acme.test, grants: [{ database: app, allow: [select], on: 'shop.*' }] }
";
    let outcome = read_one(text);
    assert_eq!(outcome.problems, []);
    let policy = outcome.policy.unwrap();
    let terms = rolecall_core::request::Terms::of(&policy, "production", "reader").unwrap();
    assert!(terms.reason_required && !terms.extension);
    assert_eq!((terms.reason_pattern, terms.approvals), (Some("[A-Z]+-[0-9]+"), 0));
    assert_eq!((terms.max_duration, terms.request_expiry), (86_400, 3_600));
    assert_eq!(terms.approvers, ["dana@acme.test"].into());
    let glass = terms.break_glass.unwrap();
    assert_eq!((glass.max_duration, glass.review_within), (1_800, 2 * 86_400));
    assert_eq!((glass.allowed, glass.reviewers), (["dana@acme.test"].into(), ["dana@acme.test"].into()));
    let access = &policy.access;
    assert_eq!([&access.administrators, &access.auditors, &access.approvers].map(Vec::len), [1, 1, 1]);
}

#[test]
fn without_rules_one_other_must_agree() {
    let text = include_str!("../../../examples/policy.yaml").replace("rules:", "names: {} #");
    let policy = read_one(&text).policy.unwrap();
    let terms = rolecall_core::request::Terms::of(&policy, "production", "support").unwrap();
    assert_eq!((terms.approvals, terms.max_duration, terms.break_glass), (1, 86_400, None));
}

#[test]
fn every_key_of_an_environment_is_understood() {
    let text = "environments:
  production:
    rules: { reason: required, approvals: 2, max_duration: 8h, brake: 30%, combination: allow }
    servers:
      main:
        engine: postgres
        url: \"${file:/run/secrets/url}\"
        databases:
          app:
            name: app_prod
            public: { revoke: [{ allow: [execute], on: \"routine *.*\" }], keep: [{ privileges: all, on: schema public }] }
            creators: [app_owner]
    known: [postgres, \"rds*\"]
    unmanaged: fail
    names: { role: \"rc_{role}\", account: \"{account}_{environment}\" }
    accounts:
      credential: external
      credential_max: 30d
      connection_limit: 5
      settings: { statement_timeout: 5min }
      suspended: keep_memberships
    leavers: { reassign_to: app_owner, security_definer: reassign }
";
    let outcome = read_one(text);
    assert_eq!(outcome.problems, []);
    let policy = outcome.policy.unwrap();
    let environment = &policy.environments["production"];
    assert_eq!((environment.rules.brake, environment.rules.requests.max_duration), (30, Some(8 * 3600)));
    assert!(environment.rules.requests.reason_required == Some(true) && environment.rules.allow_combination);
    assert_eq!(environment.servers["main"].databases["app"].name, "app_prod");
    assert!(environment.servers["main"].databases["app"].public.keep[0].privileges.is_none());
    assert_eq!(environment.role_name("production", "reader"), "rc_reader");
    assert_eq!(environment.accounts.credential_max, Some(30 * 86_400));
    assert!(environment.accounts.suspended_keeps_memberships && environment.leavers.reassign_security_definer);
}

#[test]
fn times_are_as_fine_as_those_of_databases() {
    let text = "environments: { test: { servers: { main: { url: \"${URL}\", databases: [app] } } } }
roles: { reader: { grants: [{ database: app, allow: [select], on: \"shop.*\" }] } }
people: { alice@acme.test: { assign: { test: { role: reader, ends: 2090-01-01T12:00:00.123456789+01:00 } } } }
";
    let policy = read_one(text).policy.unwrap();
    let ends = policy.people["alice@acme.test"].principal.assign["test"][0].ends.unwrap();
    assert_eq!(ends.to_string(), "2090-01-01T11:00:00.123456Z");
}
