//! `cargo xtask versions`: the suites that depend most on PostgreSQL's version, on some of them. `cargo xtask nightly`:
//! all that ask a server, on all versions, in their long modes.

use crate::shell::cargo_with;
use rolecall_throwaway::{binaries, download};
use std::collections::BTreeSet;
use std::time::Instant;

/// Set for suites that have a long mode.
const NIGHTLY: &str = "ROLECALL_NIGHTLY";

/// The test targets whose outcome depends most on PostgreSQL's version.
const SUITES: &[&str] = &["scenarios", "apply", "inspect", "render"];

/// Tests that take minutes and say little about a version: their part of a name.
const SLOW: &str = "many";

/// The others that ask a PostgreSQL server: on every version only at night. A new suite is one more word.
const MORE: &[&str] = &["cli", "life", "model", "trials"];

/// From this version on, memberships have grantors that count, and CREATEROLE alone is no right to a role.
const TURN: u32 = 16;

/// Those that are worth their time on other versions only at night, too, and have a long mode.
const LONG: &[&str] = &["faults"];

/// So many trials and sequences beside those of kept seeds, unless the caller's environment says how many.
const TRIALS: (&str, &str) = ("ROLECALL_TRIALS", "2000");
const SEQUENCES: (&str, &str) = ("ROLECALL_SEQUENCES", "300");

#[derive(clap::Args)]
pub struct Arguments {
    /// Major versions; the oldest, 16 and the newest, if none is named
    majors: Vec<u32>,
}

/// Runs the suites that depend on the version on each version, up to the first that fails.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let all = download::majors();
    let ends = [all.iter().min(), all.iter().find(|major| **major == TURN), all.iter().max()];
    let chosen: BTreeSet<u32> = ends.into_iter().flatten().copied().collect();
    let majors = if arguments.majors.is_empty() { chosen.into_iter().collect() } else { arguments.majors.clone() };
    on_each(&majors, SUITES, &["--", "--skip", SLOW], &[])
}

/// All suites on all versions, with whatever takes long.
pub fn nightly() -> anyhow::Result<()> {
    let unsaid = |variable: &(&str, &str)| std::env::var_os(variable.0).is_none();
    let environment: Vec<_> = [(NIGHTLY, "1"), TRIALS, SEQUENCES].into_iter().filter(unsaid).collect();
    on_each(&download::majors(), &[SUITES, MORE, LONG].concat(), &[], &environment)
}

fn on_each(majors: &[u32], suites: &[&str], words: &[&str], environment: &[(&str, &str)]) -> anyhow::Result<()> {
    // All of them first: a download that fails should not do so after an hour of tests.
    let servers = majors.iter().map(|major| download::fetch(*major)).collect::<Result<Vec<_>, _>>()?;
    let suites = suites.iter().flat_map(|suite| ["--test", suite]);
    // The whole workspace, as in README.md: with other features, everything would be built again.
    let cargo = ["test", "--quiet", "--locked", "--workspace"].into_iter().chain(suites);
    let words: Vec<&str> = cargo.chain(words.iter().copied()).collect();
    for server in servers {
        println!("\n=== PostgreSQL {}", server.version_text);
        let begin = Instant::now();
        let bin = server.bin.to_string_lossy();
        cargo_with(&words, &[environment, &[(binaries::VARIABLE, &*bin)]].concat())?;
        println!("=== PostgreSQL {}: {} s", server.version_text, begin.elapsed().as_secs());
    }
    Ok(())
}
