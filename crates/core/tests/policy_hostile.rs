//! Hostile policies: whatever the bytes, reading ends soon, says where it stopped, and never panics.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use rolecall_core::policy::{Outcome, Sources, read};

const NOW: jiff::Timestamp = jiff::Timestamp::constant(1_780_315_200, 0); // 2026-06-01T12:00:00Z

fn read_one(text: &str) -> Outcome {
    read(&Sources::one("policy.yaml", text), NOW)
}

fn first_code(text: &str) -> &'static str {
    let started = Instant::now();
    let outcome = read_one(text);
    assert!(started.elapsed() < Duration::from_secs(20), "took {:?}", started.elapsed());
    assert!(outcome.policy.is_none());
    outcome.problems.first().map_or("", |problem| problem.code)
}

#[test]
fn no_yaml() {
    assert_eq!(first_code("roles: [a, {"), "yaml-syntax");
    assert_eq!(first_code("a:\n\tb: 1"), "yaml-syntax");
    assert_eq!(first_code("--- 1\n--- 2\n"), "several-documents");
    assert_eq!(first_code("just words"), "wrong-type");
    assert_eq!(first_code("- a\n- list\n"), "wrong-type");
    assert_eq!(first_code("roles: !secret {}"), "yaml-tag");
}

#[test]
fn nothing() {
    for text in ["", "   \n", "# a comment\n", "---\n", "~", "{}"] {
        assert_eq!(first_code(text), "empty-policy", "{text:?}");
    }
}

#[test]
fn bytes_that_are_no_text() {
    let mut sources = Sources::new();
    sources.add_bytes("policy.yaml", b"roles:\n  \xff\xfe: {}\n");
    let outcome = read(&sources, NOW);
    assert_eq!(outcome.problems[0].code, "not-utf8");
    assert_eq!(sources.position(outcome.problems[0].span).line, 2);
    assert_eq!(first_code("roles: { a\0b: {} }"), "unprintable-character");
    assert_eq!(first_code("roles: { \"a\u{202e}b\": {} }"), "unprintable-character");
}

#[test]
fn fifty_megabytes() {
    assert_eq!(first_code(&"a".repeat(50 * 1024 * 1024)), "too-large");
}

#[test]
fn deep_nesting() {
    for text in ["[".repeat(200_000), "{a: ".repeat(100_000), "- ".repeat(100_000)] {
        let code = first_code(&text);
        assert!(matches!(code, "yaml-too-deep" | "yaml-syntax"), "{code}");
    }
}

#[test]
fn exploding_anchors() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..30 {
        let references = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(text, "a{level}: &a{level} [{references}]").unwrap();
    }
    assert!(read_one(&text).problems.iter().any(|problem| problem.code == "yaml-too-many-aliases"));
    assert!(read_one("a: &a [*a]").problems.iter().any(|problem| problem.code == "yaml-alias"));
}

#[test]
fn a_chain_of_includes_longer_than_the_stack() {
    let mut text = String::from("roles:\n");
    for role in 0..50_000 {
        writeln!(text, "  r{role}: {{ includes: [r{}] }}", role + 1).unwrap();
    }
    text.push_str("  r50000: {}\n");
    assert!(read_one(&text).problems.iter().any(|problem| problem.code == "includes-too-deep"));
}

#[test]
fn a_hundred_thousand_mistakes() {
    let mut text = String::from("environments: { production: {} }\nroles: { reader: {} }\npeople:\n");
    for person in 0..50_000 {
        writeln!(text, "  p{person}@acme.test: {{ assign: {{ production: [raeder{person}] }} }}").unwrap();
    }
    assert_eq!(first_code(&text), "unknown-role");
}

#[test]
fn a_hundred_thousand_late_duplicates() {
    let keys: String = (0..100_000).map(|key| format!("key{key}: 1\n")).collect();
    let begun = std::time::Instant::now();
    let outcome = read_one(&format!("{keys}{keys}"));
    assert!(begun.elapsed() < std::time::Duration::from_secs(30), "{:?}", begun.elapsed());
    assert_eq!(outcome.problems.len(), 1_001);
    assert_eq!(outcome.problems.last().map(|problem| problem.code), Some("more-problems"));
}

#[test]
fn what_an_escape_hides() {
    for text in
        ["roles: { \"a\\0b\": {} }", "roles: { a: { grants: [{ database: d, allow: [select], on: \"s.a\\0\" }] } }"]
    {
        let problems = read_one(text).problems;
        assert!(problems.iter().any(|problem| problem.code == "unprintable-character"), "{text}: {problems:?}");
    }
}

#[test]
fn what_is_quoted_from_a_policy_is_one_line_and_moves_no_cursor() {
    for text in ["roles: { reader: { includes: [\"a\\x1b[2Kb\\n\\u202e\"] } }", "a:assign_t@,,h/lpostr\n  d\n\n  dd\n"]
    {
        let problems = read_one(text).problems;
        assert!(!problems.is_empty());
        for problem in problems {
            let said = format!("{}{}", problem.message, problem.help.unwrap_or_default());
            assert!(!said.contains(|c: char| c.is_control() || c == '\u{202e}'), "{said:?}");
        }
    }
}

#[test]
fn a_file_that_cannot_be_read_does_not_make_its_names_unknown() {
    let mut sources = Sources::one("people.yaml", "people: { alice@acme.test: { groups: [team] } }");
    sources.add("groups.yaml", "groups: [");
    assert_eq!(read(&sources, NOW).problems.iter().map(|problem| problem.code).collect::<Vec<_>>(), ["yaml-syntax"]);
}

#[test]
fn a_url_with_a_password_in_any_place_never_comes_back() {
    let places = [
        "url: [\"@\"]",
        "url: {\"@\": 1}",
        "\"@\": 1",
        "engine: \"@\"",
        "databases: \"@\"",
        "databases: { \"@\": \"@\" }",
    ];
    for url in ["postgres://root:hunter2@db/app", "host=db password=hunter2", "postgres://db/app?password=hunter2"] {
        for place in places {
            let line = place.replace('@', url);
            let text = format!("environments:\n  production:\n    servers:\n      main:\n        {line}\n");
            let outcome = read_one(&text);
            assert!(outcome.policy.is_none());
            assert!(!format!("{:?}", outcome.problems).contains("hunter2"), "{place}: {:?}", outcome.problems);
        }
    }
}

#[test]
fn a_url_with_a_password_never_comes_back() {
    for text in [
        "environments: { p: { servers: { m: { url: \"postgres://u:hunter2@h/d\", databases: [] } } } }",
        "environments: { p: { servers: { m: \"postgres://u:hunter2@h/d\" } } }",
        "environments: { p: { servers: [\"postgres://u:hunter2@h/d\"] } }",
        "environments: { p: { servers: { m: { url: [\"postgres://u:hunter2@h/d\"], databases: [] } } } }",
        "environments: { p: { servers: { m: { url: \"${X}hunter2\", databases: [] } } } }",
    ] {
        let problems = read_one(text).problems;
        assert!(!problems.is_empty());
        assert!(!format!("{problems:?}").contains("hunter2"), "{problems:?}");
    }
}

const WORDS: &[&str] = &[
    "environments",
    "roles",
    "groups",
    "people",
    "services",
    "production",
    "staging",
    "servers",
    "url",
    "databases",
    "app",
    "grants",
    "allow",
    "all",
    "select",
    "on",
    "shop.*",
    "rows",
    "columns",
    "where",
    "$p",
    "parameters",
    "bigint",
    "p",
    "with",
    "role",
    "reader",
    "includes",
    "assign",
    "may_request",
    "starts",
    "ends",
    "2026-01-01",
    "42",
    "\"${X}\"",
    "names",
    "known",
    "*",
    "~",
    "&a",
    "*a",
    ": ",
    ":\n  ",
    ":\n    ",
    "\n",
    "- ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    "\"",
    "'",
    "|",
    "é",
    "pg_x",
    "<<",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_text_reads_or_fails_without_a_panic(text in any::<String>()) {
        let _ = read_one(&text);
    }

    #[test]
    fn any_words_read_or_fail_without_a_panic(words in prop::collection::vec(prop::sample::select(WORDS), 0..60)) {
        let sources = Sources::one("policy.yaml", words.concat());
        for problem in read(&sources, NOW).problems {
            prop_assert!(!problem.message.is_empty());
            prop_assert!(sources.position(problem.span).line >= 1);
        }
    }

    #[test]
    fn the_example_with_a_piece_missing(from in 0_usize..1_600, length in 1_usize..40) {
        let text = include_str!("../../../examples/policy.yaml");
        let cut = text.get(..from.min(text.len())).unwrap_or_default().to_owned();
        let rest = text.get((from + length).min(text.len())..).unwrap_or_default();
        let _ = read_one(&(cut + rest));
    }
}
