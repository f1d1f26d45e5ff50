//! Tells the world what happens: each webhook reads the ledger at its own pace, in order, each entry until it was taken.
//!
//! The ledger itself is the queue: nothing is lost by a crash, and an entry may come twice after one (its id is the same).

mod message;
mod send;
mod tally;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rolecall_core::event::{Actor, Event, Kind};
use rolecall_core::policy::model::{UrlSource, Webhook};
use rolecall_core::secret::Secret;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub use message::{Message, signature};
pub use tally::{Tally, Told};

use crate::keeper::Keeper;
use crate::office::ControlError;
use crate::store::{Filter, StoreError};

/// What is told where a webhook names no kinds: what somebody should decide or know of at once.
pub const USUAL: &[&str] = &[
    "request_filed",
    "request_reopened",
    "request_approved",
    "request_denied",
    "lease_overdue",
    "apply_failed",
    "apply_abandoned",
    "drift_found",
    "drift_held",
    "server_unreachable",
    "server_back",
    "clock_accepted",
    "webhook_given_up",
];

const POLL: Duration = Duration::from_secs(2);
const FIRST_RETRY: Duration = Duration::from_secs(1);
const LAST_RETRY: Duration = Duration::from_mins(5);
/// An entry that nobody took for so long is given up.
const GIVE_UP: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);
const AT_ONCE: u32 = 50;

/// Which webhook failed last, and when it is tried again.
type Retries = BTreeMap<String, (Instant, Duration)>;

/// Delivers until told to stop. `public` is where the page is, for links.
pub async fn deliver(keeper: Arc<Keeper>, public: String, stop: CancellationToken) {
    let (mut news, mut retries, mut running) = (keeper.store().subscribe(), Retries::new(), JoinSet::new());
    let mut busy = std::collections::BTreeSet::new();
    while !stop.is_cancelled() {
        for (name, webhook) in keeper.ruling().policy.access.webhooks.clone() {
            let waits = retries.get(&name).is_some_and(|(at, _)| *at > Instant::now());
            if !waits && busy.insert(name.clone()) {
                let (keeper, public) = (Arc::clone(&keeper), public.clone());
                running.spawn(async move {
                    let done = catch_up(&keeper, &name, &webhook, &public).await;
                    (name, done)
                });
            }
        }
        tokio::select! {
            () = stop.cancelled() => {}
            Some(done) = running.join_next() => {
                let Ok((name, result)) = done else { continue };
                busy.remove(&name);
                note(&mut retries, &name, result);
                // The next round waits for news: without this, a caught-up webhook would be asked without end.
                let _ = tokio::time::timeout(POLL, news.recv()).await;
            }
            _ = news.recv() => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }
}

fn note(retries: &mut Retries, name: &str, result: Result<(), Trouble>) {
    match result {
        Ok(()) => drop(retries.remove(name)),
        Err(error) => {
            let last = retries.get(name).map(|(_, pause)| *pause);
            let pause = last.map_or(FIRST_RETRY, |pause| (pause * 2).min(LAST_RETRY));
            tracing::warn!(webhook = name, error = %error, "a message was not taken; it is sent again");
            retries.insert(name.to_owned(), (Instant::now() + pause, pause));
        }
    }
}

/// Why a message was not taken.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("{0}")]
    NotTaken(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Control(#[from] ControlError),
}

/// Sends what a webhook has not been told yet.
async fn catch_up(keeper: &Keeper, name: &str, webhook: &Webhook, public: &str) -> Result<(), Trouble> {
    let reader = reader(name);
    let store = keeper.store();
    let Some(done) = store.read().bookmark(&reader).await? else {
        // A new webhook is told what happens from now on, not the whole past.
        if let Some(newest) = store.read().newest().await? {
            store.put_bookmark(&reader, newest).await?;
        }
        return Ok(());
    };
    let filter = Filter { kinds: kinds(webhook), after: Some(done), limit: AT_ONCE, ..Filter::default() };
    for event in store.read().log(&filter).await? {
        let sent = send(name, webhook, &event, public).await;
        keeper.told().note(name, sent.is_ok(), store.clock().now());
        match sent {
            Ok(()) => {}
            Err(why) if store.clock().now().duration_since(event.at) > GIVE_UP => {
                give_up(keeper, name, &event, &why).await?
            }
            Err(why) => return Err(Trouble::NotTaken(why)),
        }
        store.put_bookmark(&reader, event.id).await?;
    }
    Ok(())
}

/// How a webhook is called where the store keeps how far it has read.
pub(crate) fn reader(name: &str) -> String {
    format!("webhook {name}")
}

/// What a webhook is told of.
pub(crate) fn kinds(webhook: &Webhook) -> Vec<String> {
    match &webhook.events[..] {
        [] => USUAL.iter().map(|kind| (*kind).to_owned()).collect(),
        named => named.iter().map(|kind| kind.value.clone()).collect(),
    }
}

async fn give_up(keeper: &Keeper, name: &str, event: &Event, why: &str) -> Result<(), Trouble> {
    // That it could not tell of having given up would be given up without end.
    if matches!(event.kind, Kind::WebhookGivenUp { .. }) {
        return Ok(());
    }
    let kind = Kind::WebhookGivenUp { webhook: name.to_owned(), event: event.id, error: why.into() };
    crate::carry::tell(keeper.store(), &Actor::system("webhooks"), kind.into()).await?;
    Ok(())
}

async fn send(name: &str, webhook: &Webhook, event: &Event, public: &str) -> Result<(), String> {
    let url = secret(&webhook.url.value)?;
    let key = webhook.secret.as_ref().map(|source| secret(&source.value)).transpose()?;
    let message = Message::new(name, webhook.form, event, public);
    let sent = tokio::task::spawn_blocking(move || send::post(&url, key.as_ref(), &message)).await;
    sent.map_err(|error| error.to_string())?
}

fn secret(source: &UrlSource) -> Result<Secret, String> {
    match source {
        UrlSource::Variable(name) => {
            std::env::var(name).map(Secret::new).map_err(|_| format!("set the environment variable {name}"))
        }
        UrlSource::File(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| format!("cannot read {path}: {error}"))?;
            Ok(Secret::new(text.lines().next().unwrap_or_default().trim()))
        }
    }
}
