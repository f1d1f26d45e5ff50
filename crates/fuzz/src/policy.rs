//! Any bytes as a policy: refused with problems that can be shown, or carried through to SQL that says what it should.

use crate::postgres::render::{Context, render};
use jiff::Timestamp;
use rolecall_core::desire::{Book, NOBODY, Scene};
use rolecall_core::lease::Leases;
use rolecall_core::plan::{Change, Plan};
use rolecall_core::policy::model::Policy;
use rolecall_core::policy::{Sources, read};

use crate::lexer::{Token, tokens};
use crate::server;

const NOW: Timestamp = Timestamp::constant(1_780_315_200, 0); // 2026-06-01T12:00:00Z

/// A connection URL, and the password in it that nobody may be shown.
const URL: &str = "postgres://u:hunter2@h/d";
const PASSWORD: &str = "hunter2";

/// Bigger policies take more time and are no other.
const LONGEST: usize = 16 * 1024;

/// Reads a policy, plans each of its servers, and writes the SQL.
pub fn run(data: &[u8]) {
    if data.len() > LONGEST {
        return;
    }
    let mut sources = Sources::new();
    sources.add_bytes("policy.yaml", data);
    let outcome = read(&sources, NOW);
    let text = sources.text(0);
    let hidden = text.contains(PASSWORD) && !text.replace(URL, "").contains(PASSWORD);
    for problem in &outcome.problems {
        let said = format!("{} {}", problem.message, problem.help.as_deref().unwrap_or_default());
        assert!(!problem.message.is_empty() && !said.contains(char::is_control), "{said:?}");
        assert!(!hidden || !said.contains(PASSWORD), "{said:?}");
        assert!(sources.position(problem.span).line <= text.matches('\n').count() + 1);
        let place = problem.span.start as usize..problem.span.end as usize;
        assert!(text.get(place).is_some(), "{problem:?} points to no text");
    }
    match &outcome.policy {
        Some(policy) => plan(policy),
        None => assert!(outcome.problems.iter().any(|problem| problem.is_error()), "refused, and does not say why"),
    }
}

fn plan(policy: &Policy) {
    for (environment_name, environment) in &policy.environments {
        for (name, server) in &environment.servers {
            for version in [150_000, 180_000] {
                let state = server::state(server, version);
                let (state, leases, suspended) = (&state, Leases::none(), &NOBODY);
                let scene = Scene {
                    policy,
                    environment_name,
                    environment,
                    server_name: name,
                    server,
                    state,
                    leases,
                    suspended,
                    book: Book::default(),
                    now: NOW,
                };
                let (first, _) = Plan::new(scene, name);
                let (second, _) = Plan::new(scene, name);
                assert_eq!(first.digest, second.digest, "the same plan twice");
                first.steps.iter().for_each(|step| statements(&step.change, version));
            }
        }
    }
}

/// Each is one statement, whatever names, values and conditions stand in it.
fn statements(change: &Change, version: u32) {
    // Its SQL is fixed text, functions with comments in them.
    if matches!(change, Change::InstallHelper) {
        return;
    }
    for sql in render(change, Context { version }).unwrap_or_default() {
        // A condition of the policy may bring comments of its own; the reader of conditions closes them.
        let found = match tokens(&sql) {
            Err(comment) if comment == "a comment" && matches!(change, Change::SecureTable { .. }) => continue,
            found => found.unwrap_or_else(|open| panic!("{open}: {sql}")),
        };
        assert!(!found.contains(&Token::Sign(';')), "more than one statement: {sql}");
        let brackets = found.iter().try_fold(0_u32, |depth, token| match token {
            Token::Sign('(') => depth.checked_add(1),
            Token::Sign(')') => depth.checked_sub(1),
            _ => Some(depth),
        });
        assert_eq!(brackets, Some(0), "brackets: {sql}");
    }
}
