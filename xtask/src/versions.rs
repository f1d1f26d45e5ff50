//! `cargo xtask versions`: the suites that depend on PostgreSQL, once per version of it. `cargo xtask nightly`: all of
//! them on all versions, in their long modes.

use crate::shell::cargo_with;
use rolecall_throwaway::{binaries, download};

/// Set for suites that have a long mode.
const NIGHTLY: &str = "ROLECALL_NIGHTLY";

/// The packages and the tests of each that ask a PostgreSQL server. A new suite is one more line.
const SUITES: &[&[&str]] = &[
    &["--package", "rolecall", "--test", "scenarios", "--test", "cli"],
    &["--package", "rolecall-engine", "--test", "apply", "--test", "inspect", "--test", "render"],
];

#[derive(clap::Args)]
pub struct Arguments {
    /// Major versions; all that there are, if none is named
    majors: Vec<u32>,
}

/// Runs the suites on each version, up to the first that fails.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    on_each(&arguments.majors, &[])
}

/// Likewise on all versions, with whatever takes long.
pub fn nightly() -> anyhow::Result<()> {
    on_each(&[], &[(NIGHTLY, "1")])
}

fn on_each(majors: &[u32], environment: &[(&str, &str)]) -> anyhow::Result<()> {
    let majors = if majors.is_empty() { download::majors() } else { majors.to_vec() };
    // All of them first: a download that fails should not do so after an hour of tests.
    let servers = majors.into_iter().map(download::fetch).collect::<Result<Vec<_>, _>>()?;
    for server in servers {
        println!("\n=== PostgreSQL {}", server.version_text);
        let bin = server.bin.to_string_lossy();
        let environment = [environment, &[(binaries::VARIABLE, &*bin)]].concat();
        for suite in SUITES {
            cargo_with(&[&["test", "--quiet", "--locked"], *suite].concat(), &environment)?;
        }
    }
    Ok(())
}
