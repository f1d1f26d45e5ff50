//! What happens, as it happens: server-sent events. Whoever was cut off says which entry they saw last and goes on there.

use std::convert::Infallible;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use futures_util::Stream;
use futures_util::stream::{self, StreamExt};
use rolecall_control::store::{Filter, Use};
use rolecall_core::admit::Action;
use rolecall_core::event::{Event, EventId};
use rolecall_core::secret::Secret;
use tokio::sync::broadcast::Receiver;
use tokio::sync::watch;

use crate::App;
use crate::page::failure::{Failure, hidden};
use crate::page::gate::{Fields, Viewer};
use crate::page::parts;

/// Another process may have written to the store.
const PACE: Duration = Duration::from_secs(2);
/// How many entries are sent in one go.
const LOT: u32 = 100;
/// Whoever was away for longer starts with the newest: the ledger has the rest.
const FURTHEST: u64 = 500;

struct Watcher {
    app: App,
    session: Secret,
    news: Receiver<std::sync::Arc<Event>>,
    closing: watch::Receiver<bool>,
    last: u64,
}

/// `/live/events`: each entry as a piece of the page, with its number as the event's id.
pub async fn events(
    viewer: Viewer,
    fields: Fields,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Sent, Infallible>>>, Failure> {
    viewer.sight.admit(Action::Watch).map_err(|_| hidden())?;
    let store = &viewer.sight.office().store;
    // Before the ledger is read: what is written in between is in both, and sent once.
    let news = store.subscribe();
    let newest = store.read().log(&Filter { newest_first: true, limit: 1, ..Filter::default() }).await?;
    let newest = newest.first().map_or(0, |event| event.id.0);
    let seen = headers.get("last-event-id").and_then(|id| id.to_str().ok()).unwrap_or_else(|| fields.get("after"));
    let last = seen.parse().map_or(newest, |seen: u64| seen.clamp(newest.saturating_sub(FURTHEST), newest));
    let closing = viewer.app.closing();
    let watcher = Watcher { app: viewer.app.clone(), session: viewer.session.clone(), news, closing, last };
    let lots = stream::unfold((watcher, true), |(mut watcher, first)| async move {
        if !first {
            watcher.wait().await;
        }
        let lot = watcher.lot().await?;
        Some((stream::iter(lot.into_iter().map(Ok)), (watcher, false)))
    });
    Ok(Sse::new(lots.flatten()).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

impl Watcher {
    /// Until something may have happened.
    async fn wait(&mut self) {
        tokio::select! {
            // Whether it is an Event or word of missed ones: the ledger is read next.
            _ = self.news.recv() => {}
            _ = self.closing.changed() => {}
            () = tokio::time::sleep(PACE) => {}
        }
    }

    /// What is new. None: the session is over, or they may not watch any more, or the server stops.
    async fn lot(&mut self) -> Option<Vec<Sent>> {
        if *self.closing.borrow() {
            return None;
        }
        let office = self.app.office();
        let identity = office.recognise(&self.session, Use::Session).await.ok()?.ok()?;
        let sight = office.narrowed(&identity.scopes).sight(&identity.actor).await.ok()?;
        if !sight.may(Action::Watch) {
            return None;
        }
        let linked = sight.may(Action::ReadLedger);
        let filter = Filter { after: Some(EventId(self.last)), limit: LOT, ..Filter::default() };
        let list = office.store.read().log(&filter).await.ok()?;
        let sent = list.iter().map(|event| {
            self.last = event.id.0;
            // One line: a piece of a page may not look like the end of an event.
            let html = parts::entry(event, sight.now(), linked).into_string().replace(['\n', '\r'], "&#10;");
            Sent::default().event("entry").id(event.id.to_string()).data(html)
        });
        Some(sent.collect())
    }
}
