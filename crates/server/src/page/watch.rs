//! The live page: what happens now. Without JavaScript it shows the latest and says so.

use maud::html;
use rolecall_control::store::Filter;
use rolecall_core::admit::Action;

use super::asset::LIVE;
use super::failure::{Failure, hidden};
use super::gate::Viewer;
use super::parts;
use super::shell::{Html, Place, page_with};

/// How many entries stand there at first.
const LATEST: u32 = 50;

pub async fn get(viewer: Viewer) -> Result<Html, Failure> {
    viewer.sight.admit(Action::Watch).map_err(|_| hidden())?;
    let filter = Filter { newest_first: true, limit: LATEST, ..Filter::default() };
    let list = viewer.sight.office().store.read().log(&filter).await?;
    let last = list.first().map(|event| event.id.0);
    let linked = viewer.sight.may(Action::ReadLedger);
    let body = html! {
        div.head {
            h1 { "Live" }
            div.buttons { span.quiet id="connection" role="status" {} button.secondary id="pause" type="button" hidden { "Pause" } }
        }
        noscript { p.note { "Without JavaScript this page does not move: these are the latest " (LATEST) " entries. Load it again for newer ones." } }
        p.away aria-live="polite" id="news" {}
        @if list.is_empty() { (parts::empty("Nothing has happened yet.", &html! { "What happens appears here by itself." })) }
        ol.entries id="live" data-source="/live/events" data-after=[last] { @for event in &list { (parts::entry(event, viewer.sight.now(), linked)) } }
        @if linked && list.len() == LATEST as usize { p { a href="/ledger" { "Earlier entries are in the ledger" } } }
    };
    Ok(page_with(&viewer, Place::Live, "Live", &body, Some(&LIVE)))
}
