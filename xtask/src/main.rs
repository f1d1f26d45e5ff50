//! Repository chores: `cargo xtask check`, `gen`, `postgres`, `versions`, `nightly`, `fuzz`.

mod check;
mod fuzz;
mod generate;
mod links;
mod postgres;
mod readme;
mod shell;
mod versions;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Repository chores", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Run what CI runs: formatting, lints, dependencies, generated files, tests
    Check(check::Arguments),
    /// Write the files that are generated from the code
    Gen(generate::Arguments),
    /// Download PostgreSQL servers for tests, and print where they are
    Postgres(postgres::Arguments),
    /// Run the suites that depend most on PostgreSQL's version on several of them
    Versions(versions::Arguments),
    /// Run all suites that ask a server on all versions, in their long modes
    Nightly,
    /// Fuzz everything that reads what others wrote
    Fuzz(fuzz::Arguments),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().chore {
        Chore::Check(arguments) => check::run(&arguments),
        Chore::Gen(arguments) => generate::run(&arguments),
        Chore::Postgres(arguments) => postgres::run(&arguments),
        Chore::Versions(arguments) => versions::run(&arguments),
        Chore::Nightly => versions::nightly(),
        Chore::Fuzz(arguments) => fuzz::run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
