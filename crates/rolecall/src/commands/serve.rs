//! `rolecall serve`: the control plane, until it is told to stop.

use std::sync::Arc;

use anyhow::Context;
use rolecall_control::keeper::{Keeper, Pace};
use rolecall_control::store::{Options, Store};
use rolecall_control::webhook;
use rolecall_server::Config;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use super::stop;
use crate::args::{LogFormat, Serve};
use crate::{Outcome, load};

/// Serves until it is told to stop.
pub async fn run(arguments: &Serve) -> anyhow::Result<Outcome> {
    log(arguments.log);
    // Its problems are shown where they are; the Keeper only counts them.
    load::policy(&arguments.policy.policy)?;
    let path = arguments.place.store()?;
    let options = Options::new(&path, arguments.place.key()?);
    let store = Store::open(&options).await.with_context(|| format!("cannot open the store {}", path.display()))?;
    let listener = TcpListener::bind(arguments.listen).await;
    let listener = listener.with_context(|| format!("cannot listen on {}", arguments.listen))?;
    let address = listener.local_addr()?;
    // Before anybody hears that it is up: who waits for that may rely on it.
    let stop = stop::asked()?;
    let keeper = Keeper::new(store.clone(), arguments.policy.policy.clone(), Pace::default()).await?;
    let first = keeper.office().first_token().await?;
    let public = arguments.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
    println!("Rolecall is at {public}");
    if let Some(first) = first {
        println!("The operator's token, until {}, shown this once:\n{}", first.token.ends, first.secret.reveal());
    }
    let (public_url, trusted_proxies) = (arguments.public_url.clone(), arguments.trusted_proxy.clone());
    let config = Config { public_url, trusted_proxies, ..Config::default() };
    let stopping = CancellationToken::new();
    let keeping = tokio::spawn(Arc::clone(&keeper).run(stopping.clone()));
    let telling = tokio::spawn(webhook::deliver(Arc::clone(&keeper), public, stopping.clone()));
    let served = rolecall_server::serve(config, keeper, listener, stop).await;
    // What was begun on a server is finished; what was not waits in the store for the next start.
    stopping.cancel();
    keeping.await.context("the keeper ended badly")?;
    telling.await.context("the webhooks ended badly")?;
    store.close().await;
    served?;
    Ok(Outcome::Done)
}

/// Of Rolecall's own parts only: libraries log statements, and those can hold verifiers.
fn log(format: LogFormat) {
    let parts = ["rolecall", "rolecall_control", "rolecall_engine", "rolecall_server"];
    let ours = Targets::new().with_targets(parts.map(|part| (part, LevelFilter::INFO)));
    let lines = fmt::layer().with_writer(std::io::stderr);
    let layer = match format {
        LogFormat::Text => lines.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry().with(layer.with_filter(ours)).init();
}
