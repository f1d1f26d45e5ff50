//! `cargo xtask check`: what CI runs, in one command.

use crate::generate;
use crate::shell::{cargo, cargo_succeeds};
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
    /// Are the dependencies' licenses, sources and advisories in order?
    Deny,
    /// Are the generated files those that the code would generate?
    Gen,
    /// Do the tests pass?
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
            Step::Deny => deny()?,
            Step::Gen => generate::check()?,
            Step::Test => cargo(&["test", "--workspace", "--locked"])?,
        }
    }
    println!("\nAll is well.");
    Ok(())
}

fn deny() -> anyhow::Result<()> {
    if !cargo_succeeds(&["deny", "--version"]) {
        anyhow::bail!("cargo-deny is missing: `cargo install cargo-deny --locked`");
    }
    cargo(&["deny", "check", "--hide-inclusion-graph", "licenses", "bans", "sources"])?;
    // Advisories are a database on the network; without that, everything else is still worth checking.
    if cargo_succeeds(&["deny", "fetch", "db"]) {
        return cargo(&["deny", "check", "advisories"]);
    }
    println!("\n==> advisories were not checked: their database cannot be fetched");
    Ok(())
}
