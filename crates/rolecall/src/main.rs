//! Rolecall's command line: arguments, wiring, exit codes.

mod args;
mod client;
mod commands;
mod ledger;
mod load;
mod scene;
mod show;

use std::process::ExitCode;

use clap::Parser;
use tokio::runtime::{Builder, Runtime};

use args::{Arguments, Command};
use commands::remote;

/// What a command says to the shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Done, or nothing to do.
    Done,
    /// Something is wrong and was shown.
    Failed,
    /// A plan has changes.
    Changes,
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        // clap's own status for a mistake is 2, which scripts take for "a plan has changes".
        Err(error) => {
            drop(error.print());
            return if error.use_stderr() { ExitCode::from(1) } else { ExitCode::SUCCESS };
        }
    };
    let outcome =
        runtime(&arguments.command).map_err(anyhow::Error::from).and_then(|runtime| runtime.block_on(run(arguments)));
    match outcome {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Failed) => ExitCode::from(1),
        Ok(Outcome::Changes) => ExitCode::from(2),
        Err(error) => {
            show::error(&error);
            ExitCode::from(1)
        }
    }
}

/// One thread that waits for the server and does the work too: handing each answer from one thread to another would
/// cost as much as small answers do. A server has several things to do at once: nobody's page waits for a plan.
fn runtime(command: &Command) -> std::io::Result<Runtime> {
    let mut builder = match command {
        Command::Demo(_) | Command::Serve(_) => Builder::new_multi_thread(),
        _ => Builder::new_current_thread(),
    };
    builder.enable_all().build()
}

async fn run(arguments: Arguments) -> anyhow::Result<Outcome> {
    match arguments.command {
        Command::Init(init) => commands::init::run(&init),
        Command::Check(check) => commands::check::run(&check),
        Command::Schema(schema) => commands::schema::run(&schema),
        Command::Plan(plan) => commands::plan::run(&plan).await,
        Command::Apply(apply) => commands::apply::run(&apply).await,
        Command::Adopt(adopt) => commands::adopt::run(&adopt).await,
        Command::Credential(credential) => commands::credential::run(&credential).await,
        Command::Verify(verify) => commands::verify::run(&verify).await,
        Command::Audit(audit) => commands::audit::run(&audit).await,
        Command::Backup(backup) => commands::backup::backup(&backup).await,
        Command::Restore(restore) => commands::backup::restore(&restore).await,
        Command::Serve(serve) => commands::serve::run(&serve).await,
        Command::Request(request) => remote::access::request(&request),
        Command::Requests(requests) => remote::access::requests(&requests),
        Command::Approve(approve) => remote::access::approve(&approve),
        Command::Deny(deny) => remote::access::deny(&deny),
        Command::Withdraw(one) => remote::access::withdraw(&one),
        Command::Review(review) => remote::access::review(&review),
        Command::Leases(leases) => remote::access::leases(&leases),
        Command::End(one) => remote::access::end(&one),
        Command::Connect(connect) => remote::connect::run(&connect),
        Command::Suspend(standing) => remote::standing::suspend(&standing),
        Command::Reinstate(standing) => remote::standing::reinstate(&standing),
        Command::Clock(clock) => remote::clock::run(&clock).await,
        Command::Token(token) => remote::token::run(&token).await,
        Command::Demo(demo) => commands::demo::run(demo).await,
        Command::Docs(docs) => commands::docs::run(&docs),
    }
}
