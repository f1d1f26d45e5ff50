//! Every problem of a policy: its code, its line, and its message.

use rolecall_core::policy::{Sources, read};

const TOP: &str = "environments:
  production: { servers: { main: { url: \"${A}\", databases: [app] } } }
  staging: { servers: { main: { url: \"${B}\", databases: [app] } } }
groups:
  team: { assign: { production: [reader] } }
people:
  alice@acme.test: { groups: [team] }
roles:
  reader: { grants: [{ database: app, allow: [select], on: \"shop.*\" }] }
";

/// `code line message`, one line for each problem.
fn problems(text: &str) -> String {
    let sources = Sources::one("policy.yaml", text);
    let outcome = read(&sources, "2026-06-01T12:00:00Z".parse().unwrap());
    let line = |problem: &rolecall_core::policy::problem::Problem| {
        assert!(problem.help.as_ref().is_some_and(|help| !help.is_empty()), "{problem:?}");
        format!("{} {}: {}", problem.code, sources.position(problem.span).line, problem.message)
    };
    outcome.problems.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The problems of a policy that is right but for `old` being `new`.
fn with(old: &str, new: &str) -> String {
    assert_eq!(problems(TOP), "");
    assert!(TOP.contains(old), "{old}");
    problems(&TOP.replace(old, new))
}

/// The problems of a policy that is right but for one more line at its end, in `roles`.
fn role(line: &str) -> String {
    with("roles:\n", &format!("roles:\n  {line}\n"))
}

/// The problems of one more grant.
fn grant(grant: &str) -> String {
    with("grants: [", &format!("grants: [{{ database: app, {grant} }}, "))
}

#[test]
fn references() {
    insta::assert_snapshot!(with("production: [reader]", "production: [raeder]"), @"");
    insta::assert_snapshot!(with("groups: [team]", "groups: [taem]"), @"");
    insta::assert_snapshot!(with("assign: { production", "assign: { prodution"), @"");
    insta::assert_snapshot!(with("database: app", "database: ap"), @"");
    insta::assert_snapshot!(with("roles:\n", "services: { job: { owner: alcie@acme.test, groups: [team] } }\nroles:\n"), @"");
    insta::assert_snapshot!(with("groups: [team]", "groups: [team], may_request: { production: [nobody] }"), @"");
}

#[test]
fn includes() {
    insta::assert_snapshot!(with("reader: {", "writer: { includes: [reader] }\n  reader: { includes: [writer],"), @"");
    insta::assert_snapshot!(with("reader: {", "reader: { includes: [reader],"), @"");
    insta::assert_snapshot!(with("reader: {", "reader: { includes: [gone],"), @"");
}

#[test]
fn grants() {
    insta::assert_snapshot!(grant("allow: [execute], on: shop.a"), @"");
    insta::assert_snapshot!(grant("allow: [usage], on: [schema shop, shop.a]"), @"");
    insta::assert_snapshot!(grant("allow: [select], on: sequence shop.a, columns: [id]"), @"");
    insta::assert_snapshot!(grant("allow: [select, delete], on: shop.a, columns: [id]"), @"");
    insta::assert_snapshot!(grant("allow: all, on: shop.a, columns: [id]"), @"");
    insta::assert_snapshot!(grant("allow: [select], on: shop.a, columns: [id, id]"), @"");
    insta::assert_snapshot!(grant("allow: [select], on: view shop.a, rows: { id: 1 }"), @"");
    insta::assert_snapshot!(grant("allow: [truncate], on: shop.a, rows: { id: 1 }"), @"");
    insta::assert_snapshot!(grant("allow: [select], on: shop.a, rows: { id: $customer }"), @"");
    insta::assert_snapshot!(grant("allow: [select], on: shop.a, where: \"id = any ($customer) and note <> '$x'\""), @"");
    insta::assert_snapshot!(grant("allow: [select], on: shop.a, rows: { id: $Customer }"), @"");
    insta::assert_snapshot!(grant("allow: [select], on: shop.a, rows: {}"), @"");
    insta::assert_snapshot!(grant("allow: [select], on: shop.a, columns: []"), @"");
    insta::assert_snapshot!(grant("allow: [select], on: shop.a, rows: { id: [] }"), @"");
    insta::assert_snapshot!(grant("allow: [select], on: 'shop.*', except: schema secret"), @"");
    insta::assert_snapshot!(grant("allow: [read], on: shop.a"), @"");
    insta::assert_snapshot!(grant("allow: [select], on: shop"), @"");
    insta::assert_snapshot!(grant("allow: [select]"), @"");
}

#[test]
fn parameters() {
    insta::assert_snapshot!(with("production: [reader]", "production: [{ role: reader, with: { customer: 1 } }]"), @"");
    insta::assert_snapshot!(with("reader: {", "reader: { parameters: { customer: bigint },"), @"");
    insta::assert_snapshot!(role("support: { parameters: { Customer: bigint } }"), @"");
    insta::assert_snapshot!(role("support: { parameters: { customer: number } }"), @"");
}

#[test]
fn names() {
    insta::assert_snapshot!(with("groups: [team]", "groups: [team], account: reader"), @"");
    insta::assert_snapshot!(with("groups: [team]", "groups: [team], account: Reader"), @"");
    insta::assert_snapshot!(with("groups: [team]", "groups: [team], account: pg_alice"), @"");
    insta::assert_snapshot!(with("  alice@acme.test: { groups: [team] }", "  alice@acme.test: { groups: [team] }\n  alice@other.test: { groups: [team] }"), @"");
    insta::assert_snapshot!(with("url: \"${A}\", databases: [app] } }", "url: \"${A}\", databases: [app] } }, known: [alice], leavers: { reassign_to: alice }"), @"");
    insta::assert_snapshot!(with("url: \"${A}\", databases: [app] } }", "url: \"${A}\", databases: [app] } }, known: ['al*', '*']"), @"");
    insta::assert_snapshot!(with("url: \"${A}\", databases: [app] } }", "url: \"${A}\", databases: [app] } }, names: { role: readers, account: '{x}{account}' }"), @"");
    insta::assert_snapshot!(with("url: \"${A}\", databases: [app] } }", "url: \"${A}\", databases: [app] } }, names: { role: '{role}_0123456789_0123456789_0123456789_0123456789_0123456789_0123456789' }"), @"");
}

#[test]
fn people_and_usage() {
    insta::assert_snapshot!(with("groups: [team]", "groups: [team], starts: 2026-05-01, ends: 2026-04-01"), @"");
    insta::assert_snapshot!(with("production: [reader]", "production: [{ role: reader, starts: 2026-05-01, ends: 2026-04-01 }]"), @"");
    insta::assert_snapshot!(with("groups: [team] }\n", "groups: [team], standing: suspended }\nservices: { job: { owner: alice@acme.test, groups: [team] } }\n"), @"");
    insta::assert_snapshot!(with("groups: [team] }\n", "groups: [team], ends: 2026-01-01 }\nservices: { job: { owner: alice@acme.test, groups: [team] } }\n"), @"");
    insta::assert_snapshot!(with("groups:\n", "groups:\n  empty: {}\n"), @"");
    insta::assert_snapshot!(role("spare: {}"), @"");
    insta::assert_snapshot!(with("assign: { production: [reader] }", "assign: { production: [reader], staging: [] }"), @"");
}

#[test]
fn shape() {
    insta::assert_snapshot!(with("people:", "users:"), @"");
    insta::assert_snapshot!(with("groups: [team]", "group: [team]"), @"");
    insta::assert_snapshot!(with("people:\n", "people:\n  alice@acme.test: {}\n"), @"");
    insta::assert_snapshot!(with("groups: [team]", "standing: gone, groups: [team]"), @"");
    insta::assert_snapshot!(with("groups: [team]", "starts: soon, groups: [team]"), @"");
    insta::assert_snapshot!(with("databases: [app]", "databases: [app, app]"), @"");
    insta::assert_snapshot!(with("${A}", "postgres://u:pw@h/d"), @"");
    insta::assert_snapshot!(with("url: \"${A}\", databases: [app] } }", "url: \"${A}\", databases: [app] } }, rules: { approvals: many, brake: 200%, max_duration: long }"), @"");
    insta::assert_snapshot!(with("url: \"${A}\", databases: [app]", "url: \"${A}\", databases: { app: { public: { revoke: [{ on: database }], keep: [{ allow: [select], privileges: [select], on: schema shop }] } } }"), @"");
    insta::assert_snapshot!(with("\"${A}\"", ""), @"");
    insta::assert_snapshot!(with("  staging:", "  stag ing:"), @"");
}
