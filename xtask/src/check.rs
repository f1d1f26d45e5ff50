//! `cargo xtask check`: what CI runs, in one command.

use crate::generate;
use crate::readme;
use crate::shell::{bash, cargo, cargo_succeeds};
use clap::ValueEnum;

#[derive(clap::Args)]
pub struct Arguments {
    /// Only these steps, in this order
    #[arg(value_enum, default_values_t = STEPS)]
    steps: Vec<Step>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Step {
    /// Is everything formatted?
    Fmt,
    /// Does clippy find nothing, in tests and examples too?
    Clippy,
    /// Are the dependencies' licenses and sources in order?
    Deny,
    /// Are there warnings about dependencies? Needs the network, and its answer changes by the day: only when asked for
    Advisories,
    /// Are the generated files those that the code would generate?
    Gen,
    /// Do the tests pass, run as README.md says?
    Test,
}

/// Quick ones first.
const STEPS: [Step; 5] = [Step::Fmt, Step::Deny, Step::Clippy, Step::Gen, Step::Test];

/// Runs the steps, up to the first that fails.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    for step in &arguments.steps {
        match step {
            Step::Fmt => cargo(&["fmt", "--all", "--check"])?,
            Step::Clippy => cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"])?,
            Step::Deny => deny(&["licenses", "bans", "sources"])?,
            Step::Gen => generate::check()?,
            Step::Advisories => deny(&["advisories"])?,
            Step::Test => bash(&readme::test_command()?)?,
        }
    }
    println!("\nAll is well.");
    Ok(())
}

fn deny(what: &[&str]) -> anyhow::Result<()> {
    if !cargo_succeeds(&["deny", "--version"]) {
        anyhow::bail!("cargo-deny is missing: `cargo install cargo-deny --locked`");
    }
    cargo(&[&["deny", "check", "--hide-inclusion-graph"], what].concat())
}
