//! The ledger: filtered, page by page; and copies of it to take away.

use axum::response::Response;
use jiff::Timestamp;
use maud::{Markup, html};
use rolecall_control::store::{Filter, Found, PATIENCE};
use rolecall_core::admit::Action;
use rolecall_core::event::{EventId, Kind};

use super::failure::{Failure, hidden};
use super::gate::{Fields, Viewer};
use super::parts::{self, Field, entries, link};
use super::shell::{Html, Place, page};

/// How many entries stand on a page.
const PAGE: u32 = 50;

/// The fields of the filter.
const NAMES: &[&str] = &["subject", "kind", "environment", "since", "until", "text", "story"];

pub async fn get(viewer: Viewer, fields: Fields) -> Result<Html, Failure> {
    viewer.sight.admit(Action::ReadLedger).map_err(|_| hidden())?;
    let (filter, wrong) = filter(&fields);
    let reader = viewer.sight.office().store.read();
    let Found { events, from } = reader.look_back(&Filter { limit: PAGE + 1, ..filter }, PATIENCE).await?;
    let oldest = match from {
        Some(from) => reader.entry(from).await?,
        None => None,
    };
    let (shown, rest) = events.split_at(events.len().min(PAGE as usize));
    let filtered = NAMES.iter().any(|name| fields.some(name).is_some());
    let next = shown.last().filter(|_| !rest.is_empty()).or(oldest.as_ref()).map(|event| {
        let kept = NAMES.iter().map(|name| (*name, fields.get(name).to_owned()));
        link("/ledger", &kept.chain([("before", event.id.to_string())]).collect::<Vec<_>>())
    });
    let body = html! {
        h1 { "Ledger" }
        p.lead { "Everything that happened, who did it and why. Entries are never changed; the whole is hash-linked and signed." }
        (form(&viewer, &fields, &wrong, filtered))
        @if let Some(oldest) = &oldest {
            p.quiet role="status" {
                "Looked at entries back to " (oldest.id) ", of " (parts::ago(oldest.at, viewer.sight.now())) "; there are earlier ones."
            }
        }
        @if shown.is_empty() && oldest.is_none() {
            (parts::empty("No entry fits.", &html! { "Widen the time, or " a href="/ledger" { "show all" } "." }))
        } @else if !shown.is_empty() { (entries(shown.iter(), viewer.sight.now(), true)) }
        (parts::more(next, if oldest.is_some() { "Look further back" } else { "Earlier entries" }))
        @if viewer.sight.may(Action::ExportLedger) {
            section aria-labelledby="export" {
                h2 id="export" { "Take a copy" }
                p.quiet { "The whole ledger, as it is now. The first proves itself: " code { "rolecall audit verify" } " checks it with the public key alone." }
                div.buttons {
                    a.button.secondary href="/ledger/export/jsonl" { "JSON Lines, with proof" }
                    a.button.secondary href="/ledger/export/csv" { "Table (CSV)" }
                    a.button.secondary href="/ledger/export/ocsf" { "OCSF events" }
                }
            }
        }
    };
    Ok(page(&viewer, Place::Ledger, "Ledger", &body))
}

/// What to list, and which field cannot be read.
fn filter(fields: &Fields) -> (Filter, Option<&'static str>) {
    let mut wrong = None;
    let mut time = |name: &'static str| {
        let text = fields.some(name)?;
        let day = || Some(text.parse::<jiff::civil::Date>().ok()?.in_tz("UTC").ok()?.timestamp());
        let minute = || Some(text.parse::<jiff::civil::DateTime>().ok()?.in_tz("UTC").ok()?.timestamp());
        let found = text.parse::<Timestamp>().ok().or_else(day).or_else(minute);
        if found.is_none() {
            wrong = Some(name);
        }
        found
    };
    let (since, until) = (time("since"), time("until"));
    let filter = Filter {
        kinds: fields.some("kind").map(str::to_owned).into_iter().collect(),
        subject: fields.some("subject").map(str::to_owned),
        environment: fields.some("environment").map(str::to_owned),
        since,
        until,
        text: fields.some("text").map(str::to_owned),
        correlation: fields.get("story").parse().ok().map(EventId),
        before: fields.get("before").parse().ok().map(EventId),
        ..Filter::default()
    };
    (filter, wrong)
}

fn form(viewer: &Viewer, fields: &Fields, wrong: &Option<&'static str>, filtered: bool) -> Markup {
    let any = |label: &str| (String::new(), label.to_owned());
    let mut kinds = vec![any("Everything")];
    kinds.extend(Kind::ALL.iter().map(|(name, _)| ((*name).to_owned(), name.replace('_', " "))));
    let mut environments = vec![any("Everywhere")];
    environments.extend(viewer.sight.policy().environments.keys().map(|name| (name.clone(), name.clone())));
    let field = |name: &'static str, label: &'static str, kind: &'static str| Field {
        name,
        label,
        kind,
        value: fields.get(name),
        wrong: (*wrong == Some(name)).then_some("This is no time."),
        ..Field::default()
    };
    html! {
        form.filters role="search" action="/ledger" {
            (field("subject", "About whom", "").line())
            (field("kind", "What", "").choice(&kinds))
            (field("environment", "Where", "").choice(&environments))
            (field("since", "From (UTC)", "date").line())
            (field("until", "Before (UTC)", "date").line())
            (field("text", "With the words", "").line())
            @if let Some(story) = fields.some("story") { input type="hidden" name="story" value=(story); }
            div.buttons { button type="submit" { "Filter" } @if filtered { a.button.secondary href="/ledger" { "Show all" } } }
        }
    }
}

/// A copy, as a file. It is made in pieces, as fast as whoever asked takes them.
pub async fn copy(
    viewer: Viewer,
    axum::extract::Path(format): axum::extract::Path<String>,
) -> Result<Response, Failure> {
    viewer.sight.admit(Action::ExportLedger).map_err(|_| hidden())?;
    Ok(crate::copy::answer(viewer.sight.office(), &format).await?)
}
