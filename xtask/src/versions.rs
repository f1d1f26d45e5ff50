//! `cargo xtask versions`: the suites that depend on PostgreSQL, once per version of it. `cargo xtask nightly`: all of
//! them on all versions, in their long modes.

use crate::shell::cargo_with;
use rolecall_throwaway::{binaries, download};

/// Set for suites that have a long mode.
const NIGHTLY: &str = "ROLECALL_NIGHTLY";

/// The test targets that ask a PostgreSQL server. A new suite is one more word.
const SUITES: &[&str] = &["scenarios", "cli", "apply", "inspect", "render", "life", "trials"];

/// Those that are worth their time on every version only at night.
const LONG: &[&str] = &["faults"];

/// The trials of kept seeds only; and, in the long mode, of so many more.
const TRIALS: (&str, &str, &str) = ("ROLECALL_TRIALS", "0", "2000");

#[derive(clap::Args)]
pub struct Arguments {
    /// Major versions; all that there are, if none is named
    majors: Vec<u32>,
}

/// Runs the suites on each version, up to the first that fails.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    on_each(&arguments.majors, SUITES, &[(TRIALS.0, TRIALS.1)])
}

/// Likewise on all versions, with whatever takes long.
pub fn nightly() -> anyhow::Result<()> {
    on_each(&[], &[SUITES, LONG].concat(), &[(NIGHTLY, "1"), (TRIALS.0, TRIALS.2)])
}

fn on_each(majors: &[u32], suites: &[&str], environment: &[(&str, &str)]) -> anyhow::Result<()> {
    let majors = if majors.is_empty() { download::majors() } else { majors.to_vec() };
    // All of them first: a download that fails should not do so after an hour of tests.
    let servers = majors.into_iter().map(download::fetch).collect::<Result<Vec<_>, _>>()?;
    let suites = suites.iter().flat_map(|suite| ["--test", suite]);
    // The whole workspace, as in README.md: with other features, everything would be built again.
    let words: Vec<&str> = ["test", "--quiet", "--locked", "--workspace"].into_iter().chain(suites).collect();
    for server in servers {
        println!("\n=== PostgreSQL {}", server.version_text);
        let bin = server.bin.to_string_lossy();
        cargo_with(&words, &[environment, &[(binaries::VARIABLE, &*bin)]].concat())?;
    }
    Ok(())
}
