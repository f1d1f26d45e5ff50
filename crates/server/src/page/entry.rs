//! One entry of the ledger: all of it, what caused it, and its story.

use axum::extract::Path;
use maud::html;
use rolecall_control::store::Filter;
use rolecall_core::admit::Action;
use rolecall_core::event::{EventId, Kind};

use super::failure::{Failure, hidden};
use super::gate::Viewer;
use super::parts::{self, effects, entries, exact};
use super::shell::{Html, Place, page};

/// The most entries of a story that are shown.
const STORY: u32 = 200;

pub async fn get(viewer: Viewer, Path(id): Path<u64>) -> Result<Html, Failure> {
    viewer.sight.admit(Action::ReadLedger).map_err(|_| hidden())?;
    let reader = viewer.sight.office().store.read();
    let event = reader.entry(EventId(id)).await?.ok_or_else(hidden)?;
    let filter = Filter { correlation: Some(event.correlation), limit: STORY, ..Filter::default() };
    let story = reader.log(&filter).await?;
    let meaning = Kind::ALL.iter().find(|(name, _)| *name == event.kind.name()).map(|(_, meaning)| *meaning);
    let detail = serde_json::from_slice::<serde_json::Value>(&event.bytes());
    let detail = detail.and_then(|value| serde_json::to_string_pretty(&value)).unwrap_or_default();
    let body = html! {
        p.crumbs { a href="/ledger" { "Ledger" } }
        h1 { "Entry " (id) }
        p.lead { (parts::said(&event.kind)) }
        @if let Some(reason) = &event.reason { blockquote { bdi { (reason) } } }
        dl.facts {
            dt { "When" } dd { (exact(event.at)) " " span.quiet { "(" (parts::ago(event.at, viewer.sight.now())) ")" } }
            dt { "Who" } dd { bdi { (event.actor) } }
            dt { "Kind" } dd { code { (event.kind.name()) } @if let Some(meaning) = meaning { div.quiet { (meaning) } } }
            @if let Some(cause) = event.cause { dt { "Brought about by" } dd { a href={ "/ledger/" (cause) } { "Entry " (cause) } } }
        }
        @if !event.effects.is_empty() {
            section aria-labelledby="effects" { h2 id="effects" { "Who gains and loses what" } (effects(&event.effects, usize::MAX)) }
        }
        @if story.len() > 1 {
            section aria-labelledby="story" { h2 id="story" { "Its story" } (entries(story.iter(), viewer.sight.now(), true)) }
        }
        details { summary { "As it is written and hashed" } pre tabindex="0" { (detail) } }
    };
    Ok(page(&viewer, Place::Ledger, &format!("Entry {id}"), &body))
}
