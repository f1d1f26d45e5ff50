//! Every problem of a policy: its code, its line, and its message.

use rolecall_core::policy::{Sources, read};

const NOW: jiff::Timestamp = jiff::Timestamp::constant(1_780_315_200, 0); // 2026-06-01T12:00:00Z

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
    let outcome = read(&sources, NOW);
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
    insta::assert_snapshot!(with("production: [reader]", "production: [raeder]"), @"unknown-role 5: there is no role `raeder`");
    insta::assert_snapshot!(with("groups: [team]", "groups: [taem]"), @"unknown-group 7: there is no group `taem`");
    insta::assert_snapshot!(with("assign: { production", "assign: { prodution"), @"unknown-environment 5: there is no environment `prodution`");
    insta::assert_snapshot!(with("database: app", "database: ap"), @"unknown-database 9: there is no database `ap`");
    insta::assert_snapshot!(with("roles:\n", "services: { job: { owner: alcie@acme.test, groups: [team] } }\nroles:\n"), @"unknown-owner 8: there is no person `alcie@acme.test`");
    insta::assert_snapshot!(with("groups: [team]", "groups: [team], may_request: { production: [nobody] }"), @"unknown-role 7: there is no role `nobody`");
}

#[test]
fn includes() {
    insta::assert_snapshot!(with("reader: {", "writer: { includes: [reader] }\n  reader: { includes: [writer],"), @"include-cycle 9: roles include one another in a circle: `reader` → `writer` → `reader`");
    insta::assert_snapshot!(with("reader: {", "reader: { includes: [reader],"), @"include-cycle 9: roles include one another in a circle: `reader` → `reader`");
    insta::assert_snapshot!(with("reader: {", "reader: { includes: [gone],"), @"unknown-role 9: there is no role `gone`");
}

#[test]
fn grants() {
    insta::assert_snapshot!(grant("allow: [execute], on: shop.a"), @"privilege-not-on-kind 9: a table or view has no EXECUTE");
    insta::assert_snapshot!(grant("allow: [usage], on: [schema shop, shop.a]"), @"privilege-not-on-kind 9: a table or view has no USAGE");
    insta::assert_snapshot!(grant("allow: [select], on: sequence shop.a, columns: [id]"), @"columns-not-on-kind 9: a sequence has no columns");
    insta::assert_snapshot!(grant("allow: [select, delete], on: shop.a, columns: [id]"), @"privilege-without-columns 9: `columns` do not limit DELETE");
    insta::assert_snapshot!(grant("allow: all, on: shop.a, columns: [id]"), @"privilege-without-columns 9: `all` holds privileges that `columns` do not limit");
    insta::assert_snapshot!(grant("allow: [select], on: shop.a, columns: [id, id]"), @"duplicate-column 9: the column `id` is listed twice");
    insta::assert_snapshot!(grant("allow: [select], on: view shop.a, rows: { id: 1 }"), @"rows-not-on-kind 9: PostgreSQL cannot limit the rows of a view");
    insta::assert_snapshot!(grant("allow: [truncate], on: shop.a, rows: { id: 1 }"), @"privilege-without-rows 9: `rows` do not limit TRUNCATE");
    insta::assert_snapshot!(grant("allow: [select], on: shop.a, rows: { id: $customer }"), @"unknown-parameter 9: this role has no parameter `customer`");
    insta::assert_snapshot!(grant("allow: [select], on: shop.a, where: \"id = any ($customer) and note <> '$x'\""), @"unknown-parameter 9: this role has no parameter `customer`");
    insta::assert_snapshot!(grant("allow: [select], on: shop.a, rows: { id: $Customer }"), @"bad-parameter-name 9: `$Customer` is no parameter's name");
    insta::assert_snapshot!(grant("allow: [select], on: shop.a, rows: {}"), @"empty-filter 9: `rows` is empty");
    insta::assert_snapshot!(grant("allow: [select], on: shop.a, columns: []"), @"empty-filter 9: `columns` is empty");
    insta::assert_snapshot!(grant("allow: [select], on: shop.a, rows: { id: [] }"), @"empty-filter 9: `id` is empty");
    insta::assert_snapshot!(grant("allow: [select], on: 'shop.*', except: schema secret"), @"except-misses 9: `on` reaches no schema, so nothing is excepted");
    insta::assert_snapshot!(grant("allow: [read], on: shop.a"), @"bad-privilege 9: `read` is no privilege");
    insta::assert_snapshot!(grant("allow: [select], on: shop"), @"bad-pattern 9: `shop` does not say in which schema");
    insta::assert_snapshot!(grant("allow: [select]"), @"missing-key 9: a grant needs `on`");
}

#[test]
fn conditions() {
    let condition = |sql: &str| grant(&format!("allow: [select], on: shop.a, where: \"{sql}\""));
    assert_eq!(condition("status = 'open'"), "");
    insta::assert_snapshot!(condition("true; drop table x"), @"bad-condition 9: this SQL cannot limit rows: it contains a semicolon");
    insta::assert_snapshot!(condition("true) or (true"), @"bad-condition 9: this SQL cannot limit rows: the brackets do not match up");
}

#[test]
fn parameters() {
    insta::assert_snapshot!(with("production: [reader]", "production: [{ role: reader, with: { customer: 1 } }]"), @"unknown-parameter 5: `reader` has no parameter `customer`");
    insta::assert_snapshot!(with("reader: {", "reader: { parameters: { customer: bigint },"), @r"
    missing-parameter 5: `reader` needs a value for its parameter `customer`
    unused-parameter 9: the parameter `customer` limits nothing
    ");
    insta::assert_snapshot!(role("support: { parameters: { Customer: bigint } }"), @r"
    unused-parameter 9: the parameter `Customer` limits nothing
    bad-name 9: `Customer` cannot be the name of a parameter
    ");
    insta::assert_snapshot!(role("support: { parameters: { customer: number } }"), @"bad-choice 9: `number` is not `smallint`, `integer`, `bigint`, `text`, `uuid`, `date` or `boolean`");
}

/// What the caret is under, and the code, for each problem but those of parameters that nothing uses.
fn pointed(old: &str, new: &str) -> String {
    let text = TOP.replace("reader: {", "reader: { parameters: { customer: bigint },").replace(old, new);
    let sources = Sources::one("policy.yaml", &text);
    let found = read(&sources, NOW).problems;
    let found = found.iter().filter(|problem| problem.code != "unused-parameter");
    found.map(|found| format!("{} {}", sources.excerpt(found.span), found.code)).collect::<Vec<_>>().join("; ")
}

#[test]
fn problems_of_parameters_point_at_the_value_or_the_name_that_is_wrong() {
    let assigned = |with: &str| pointed("[reader]", &format!("[{{ role: reader, with: {with} }}]"));
    assert_eq!(assigned("{ customer: 42 }"), "");
    assert_eq!(assigned("{ customer: [42, many, 43, 4e2] }"), "many bad-parameter-value; 4e2 bad-parameter-value");
    assert_eq!(assigned("{ customer: [] }"), "customer missing-parameter");
    assert_eq!(assigned("{ custumer: 42 }"), "reader missing-parameter; custumer unknown-parameter");
    let included = |with: &str| {
        let line = format!(
            "roles:\n  lead: {{ parameters: {{ day: date }}, includes: [{{ role: reader, with: {with} }}] }}\n"
        );
        let found = pointed("roles:\n", &line);
        found.replace("reader missing-parameter", "").trim_start_matches("; ").to_owned()
    };
    assert_eq!(included("{ customer: [42, many] }"), "many bad-parameter-value");
    assert_eq!(included("{ customer: [] }"), "customer missing-parameter");
    assert_eq!(included("{ customer: [42, $day] }"), "$day parameter-type");
    assert_eq!(included("{ customer: $customer }"), "$customer unknown-parameter");
    assert_eq!(included("{ customer: 42, custumer: 42 }"), "custumer unknown-parameter");
}

#[test]
fn names() {
    insta::assert_snapshot!(with("groups: [team]", "groups: [team], account: reader"), @"name-clash 7: the person `alice@acme.test` and the role `reader` are both called `reader` in `production`");
    insta::assert_snapshot!(with("groups: [team]", "groups: [team], account: Reader"), @"case-only-difference 9: `Reader` and `reader` in `production` differ only by capitals");
    insta::assert_snapshot!(with("groups: [team]", "groups: [team], account: \"r\u{435}ader\""), @r"
    look-alike-names 7: `reader` and `rеader (U+0435)` in `production` look alike
    unreadable-name 7: `rеader (U+0435)`, the name of the person `alice@acme.test`, mixes letters of several scripts
    ");
    insta::assert_snapshot!(with("groups: [team]", "groups: [team], account: \"al\\u00adice\""), @"unreadable-name 7: `al�ice (U+00AD)`, the name of the person `alice@acme.test`, has a character that cannot be seen");
    insta::assert_snapshot!(with("groups: [team]", "groups: [team], account: \"田中tanaka\""), @"");
    insta::assert_snapshot!(with("groups: [team]", "groups: [team], account: \"müller\""), @"");
    insta::assert_snapshot!(with("groups: [team]", "groups: [team], account: pg_alice"), @"reserved-name 7: `pg_alice`, the name of the person `alice@acme.test`, is reserved");
    insta::assert_snapshot!(with("  alice@acme.test: { groups: [team] }", "  alice@acme.test: { groups: [team] }\n  alice@other.test: { groups: [team] }"), @"name-clash 8: the person `alice@other.test` and the person `alice@acme.test` are both called `alice` in `production`");
    insta::assert_snapshot!(with("url: \"${A}\", databases: [app] } }", "url: \"${A}\", databases: [app] } }, known: [alice], leavers: { reassign_to: alice }"), @r"
    known-is-managed 2: `alice` is the person `alice@acme.test` of this policy
    managed-heir 2: `alice` is the person `alice@acme.test`, which Rolecall may remove one day
    ");
    insta::assert_snapshot!(with("url: \"${A}\", databases: [app] } }", "url: \"${A}\", databases: [app] } }, known: ['al*', '*']"), @r"
    known-is-managed 2: `al*` also covers `alice`, the person `alice@acme.test` of this policy
    known-is-everything 2: every role is known here: a stranger will not be noticed
    ");
    insta::assert_snapshot!(with("url: \"${A}\", databases: [app] } }", "url: \"${A}\", databases: [app] } }, names: { role: readers, account: '{x}{account}' }"), @r"
    template-without-placeholder 2: `readers` gives every role the same name
    template-unknown-placeholder 2: `{x}{account}` has a placeholder that means nothing
    ");
    insta::assert_snapshot!(with("url: \"${A}\", databases: [app] } }", "url: \"${A}\", databases: [app] } }, names: { role: '{role}_0123456789_0123456789_0123456789_0123456789_0123456789_0123456789' }"), @"name-too-long 9: the name of the role `reader`, `reader_0123456789_0123456789_0123456789_0123456789_012345678…`, has 72 bytes; PostgreSQL cuts names off after 63");
}

#[test]
fn people_and_usage() {
    insta::assert_snapshot!(with("groups: [team]", "groups: [team], starts: 2026-05-01, ends: 2026-04-01"), @"starts-after-ends 7: this ends (2026-04-01T00:00:00Z) before it starts (2026-05-01T00:00:00Z)");
    insta::assert_snapshot!(with("production: [reader]", "production: [{ role: reader, starts: 2026-05-01, ends: 2026-04-01 }]"), @"starts-after-ends 5: this ends (2026-04-01T00:00:00Z) before it starts (2026-05-01T00:00:00Z)");
    insta::assert_snapshot!(with("groups: [team] }\n", "groups: [team], standing: suspended }\nservices: { job: { owner: alice@acme.test, groups: [team] } }\n"), @"owner-away 8: `alice@acme.test`, who answers for `job`, is suspended");
    insta::assert_snapshot!(with("groups: [team] }\n", "groups: [team], ends: 2026-01-01 }\nservices: { job: { owner: alice@acme.test, groups: [team] } }\n"), @"owner-away 8: `alice@acme.test`, who answers for `job`, has left");
    insta::assert_snapshot!(with("groups:\n", "groups:\n  empty: {}\n"), @"group-without-members 5: nobody is in the group `empty`");
    insta::assert_snapshot!(role("spare: {}"), @"unused-role 9: nobody holds or may request the role `spare`");
    assert_eq!(with("assign: { production: [reader] }", "assign: { production: [reader], staging: [] }"), "");
    insta::assert_snapshot!(with("allow: [select]", "allow: [select, delete]"), @"production-wider 5: `reader` brings DELETE on `app` in production, and nothing here brings it in staging");
    assert_eq!(
        problems(&TOP.replace("[select]", "[select, delete]").replace("[reader] }", "[reader], staging: [reader] }")),
        ""
    );
}

#[test]
fn values_that_multiply() {
    let many = (0..400).map(|n| n.to_string()).collect::<Vec<_>>().join(", ");
    let text = TOP
        .replace(
            "{ production: [reader] }",
            &format!("{{ production: [{{ role: reader, with: {{ a: [{many}], b: [{many}] }} }}] }}"),
        )
        .replace("reader: { ", "reader: { parameters: { a: bigint, b: bigint }, ")
        .replace("on: \"shop.*\"", "on: table shop.*, rows: { a: $a, b: $b }");
    insta::assert_snapshot!(problems(&text), @"too-many-values 5: the values for `reader` come to 160000 combinations; 100000 are the most");
    let ladder: String = (1..24).map(|n| format!("  r{n}: {{ includes: [r{}, r{}] }}\n", n - 1, n - 1)).collect();
    let text = format!("{TOP}  r0: {{}}\n{ladder}");
    insta::assert_snapshot!(problems(&text), @"too-many-values 26: what `r16` includes comes to more than 100000 roles and sets of values");
}

#[test]
fn shape() {
    insta::assert_snapshot!(with("people:", "users:"), @"unknown-key 6: the policy has no `users`");
    insta::assert_snapshot!(with("groups: [team]", "group: [team]"), @"unknown-key 7: a person has no `group`");
    insta::assert_snapshot!(with("people:\n", "people:\n  alice@acme.test: {}\n"), @"duplicate-key 8: `alice@acme.test` stands here a second time; the first is on line 7");
    insta::assert_snapshot!(with("groups: [team]", "standing: gone, groups: [team]"), @"bad-choice 7: `gone` is not `active` or `suspended`");
    insta::assert_snapshot!(with("groups: [team]", "starts: soon, groups: [team]"), @"bad-time 7: `soon` is not a day (`2026-12-31`) or a time (`2026-12-31T18:00:00Z`)");
    insta::assert_snapshot!(with("databases: [app]", "databases: [app, app]"), @r"
    duplicate-key 2: the database `app` is listed twice
    duplicate-key 3: the database `app` is listed twice
    ");
    insta::assert_snapshot!(with("${A}", "postgres://u:pw@h/d"), @"literal-url 2: a connection URL must not stand in a policy");
    insta::assert_snapshot!(with("url: \"${A}\", databases: [app] } }", "url: \"${A}\", databases: [app] } }, rules: { approvals: many, brake: 200%, max_duration: long }"), @r"
    bad-number 2: `many` is not a whole number from 0 to 100
    bad-number 2: `200%` is not a share such as `20%`
    bad-duration 2: `long` is not a duration such as `8h`, `90d` or `1h30m`
    ");
    insta::assert_snapshot!(with("url: \"${A}\", databases: [app]", "url: \"${A}\", databases: { app: { public: { revoke: [{ on: database }], keep: [{ allow: [select], privileges: [select], on: schema shop }] } } }"), @r"
    missing-key 2: a rule for PUBLIC needs `privileges`
    duplicate-key 2: `privileges` and `allow` mean the same here
    privilege-not-on-kind 2: a schema has no SELECT
    ");
    insta::assert_snapshot!(with("\"${A}\"", ""), @"missing-value 2: nothing stands here");
    insta::assert_snapshot!(with("  staging:", "  stag ing:"), @"bad-name 3: `stag ing` cannot be the name of an environment");
}

#[test]
fn values_of_parameters() {
    let support = |parameter: &str, value: &str| {
        let grant = "grants: [{ database: app, allow: [select], on: shop.a, rows: { id: $p } }]";
        let text =
            TOP.replace("roles:\n", &format!("roles:\n  support: {{ parameters: {{ p: {parameter} }}, {grant} }}\n"));
        problems(&text.replace("[reader]", &format!("[reader, {{ role: support, with: {{ p: {value} }} }}]")))
    };
    assert_eq!(support("bigint", "042"), "");
    insta::assert_snapshot!(support("smallint", "40000"), @"bad-parameter-value 5: `40000` is no value for `p`, which is smallint");
    insta::assert_snapshot!(support("uuid", "x"), @"bad-parameter-value 5: `x` is no value for `p`, which is uuid");
    insta::assert_snapshot!(support("date", "2026-02-30"), @"bad-parameter-value 5: `2026-02-30` is no value for `p`, which is date");
    insta::assert_snapshot!(support("boolean", "[true, maybe]"), @"bad-parameter-value 5: `maybe` is no value for `p`, which is boolean");
    insta::assert_snapshot!(support("bigint", "[]"), @"missing-parameter 5: `support` needs a value for its parameter `p`");
}

#[test]
fn parameters_of_included_roles() {
    let including = |includes: &str| {
        let base = "base: { parameters: { p: bigint }, grants: [{ database: app, allow: [select], on: shop.a, rows: { id: $p } }] }";
        with("reader: {", &format!("{base}\n  reader: {{ includes: [{includes}],"))
    };
    assert_eq!(including("{ role: base, with: { p: [1, 2] } }"), "");
    insta::assert_snapshot!(including("base"), @"missing-parameter 10: `base` needs a value for its parameter `p`");
    insta::assert_snapshot!(including("{ role: base, with: { p: $q } }"), @"unknown-parameter 10: this role has no parameter `q`");
    insta::assert_snapshot!(including("{ role: base, with: { p: 1, q: 2 } }"), @"unknown-parameter 10: `base` has no parameter `q`");
    insta::assert_snapshot!(including("{ role: base, with: { p: x } }"), @"bad-parameter-value 10: `x` is no value for `p`, which is bigint");
    insta::assert_snapshot!(including("{ role: base, with: { p: $q } }], parameters: { q: text }, member_of: ["), @r"
    missing-parameter 5: `reader` needs a value for its parameter `q`
    parameter-type 10: `q` is text, but `p` of `base` is bigint
    ");
}

#[test]
fn help_leads_to_what_was_meant() {
    let help = |old: &str, new: &str| {
        let outcome = read(&Sources::one("policy.yaml", TOP.replace(old, new)), NOW);
        outcome.problems[0].help.clone().unwrap_or_default()
    };
    insta::assert_snapshot!(help("[reader]", "[raeder]"), @"did you mean `reader`? define it under `roles`");
    insta::assert_snapshot!(help("people:", "users:"), @"did you mean `people`?");
    insta::assert_snapshot!(help("assign:", "roles:"), @"did you mean `assign`?");
    insta::assert_snapshot!(help("[select]", "[selct]"), @"did you mean `select`? PostgreSQL has `select`, `insert`, `update`, `delete`, `truncate`, `references`, `trigger`, `maintain`, `usage`, `create`, `connect`, `temporary`, `execute`, `set`, `alter system`");
}

/// The problems of a policy in which Alice may request the reader in production, under these rules.
fn requests(rules: &str, more: &str) -> String {
    let text = TOP.replace("production: { servers", &format!("production: {{ rules: {{ {rules} }}, servers"));
    let text = text
        .replace("groups: [team] }", "groups: [team], may_request: { production: [reader] } }\n  zoe@acme.test: {}");
    problems(&format!("{more}{text}"))
}

#[test]
fn rules_for_requests() {
    assert_eq!(requests("approvals: 0", ""), "");
    assert_eq!(requests("approvers: [zoe@acme.test]", ""), "");
    assert_eq!(requests("", "rolecall: { approvers: [zoe@acme.test] }\n"), "");
    insta::assert_snapshot!(requests("", ""), @"nobody-approves 2: `reader` may be requested in `production`, but nobody could agree to it");
    insta::assert_snapshot!(requests("approvers: [team]", ""), @"too-few-approvers 2: `alice@acme.test` may request `reader` in `production`, which needs 1 to agree, but beside themselves only 0 could");
    insta::assert_snapshot!(requests("approvers: [team, zoe@acme.test], approvals: 2", ""), @"too-few-approvers 2: `alice@acme.test` may request `reader` in `production`, which needs 2 to agree, but beside themselves only 1 could");
    insta::assert_snapshot!(requests("approvals: 0, break_glass: { allow: [team], reviewers: [alice@acme.test] }", ""), @"nobody-reviews 2: `alice@acme.test` may break the glass for `reader` in `production`, but nobody else could review it; so it would be refused");
    insta::assert_snapshot!(requests("approvers: [zeo@acme.test]", ""), @"unknown-party 2: there is no person or group `zeo@acme.test`");
    insta::assert_snapshot!(requests("approvals: 0, roles: { raeder: {} }", ""), @"unknown-role 2: there is no role `raeder`");
    insta::assert_snapshot!(requests("approvals: 0, reason_pattern: '('", ""), @"bad-regex 2: `(` is not a regular expression such as `[A-Z]+-[0-9]+`");
    insta::assert_snapshot!(requests("approvals: 0", "rolecall: { administrators: [owner] }\n"), @"unknown-party 1: there is no person or group `owner`");
    insta::assert_snapshot!(requests("approvals: 0", "services: { team: { owner: zoe@acme.test } }\nrolecall: { administrators: [team] }\n"), @"");
    insta::assert_snapshot!(requests("approvals: 0, break_glass: { reviewers: [team] }", ""), @"missing-key 2: a break-glass rule needs `allow`");
    insta::assert_snapshot!(requests("approval: 0", ""), @"unknown-key 2: the rules has no `approval`");
}
