//! The ledger of a Rolecall that is asked over its API: for auditors, who have a token and not the store.

use std::time::Duration;

use anyhow::bail;
use rolecall_control::store::Filter;
use rolecall_core::event::{Event, EventId};
use serde::Deserialize;

use super::log::show;
use super::open;
use crate::Outcome;
use crate::args::{AuditExport, AuditLog, ExportFormat};
use crate::client::{Client, as_type};

/// How often to ask for news.
const PACE: Duration = Duration::from_secs(1);
/// The most entries of one answer.
const PAGE: u32 = 100;

#[derive(Deserialize)]
struct Page {
    items: Vec<Event>,
    next: Option<String>,
}

/// Lists, and follows if asked to.
pub async fn log(arguments: &AuditLog, filter: &Filter) -> anyhow::Result<Outcome> {
    let client = Client::new(&arguments.remote)?;
    let query = query(filter);
    let events = newest(&client, &query, arguments.limit, None)?;
    show(&events, arguments.json);
    if !arguments.follow {
        return Ok(Outcome::Done);
    }
    let mut after = match events.last() {
        Some(event) => Some(event.id),
        None => newest(&client, &[], 1, None)?.last().map(|event| event.id),
    };
    loop {
        tokio::time::sleep(PACE).await;
        let events = newest(&client, &query, u32::MAX, after)?;
        show(&events, arguments.json);
        after = events.last().map(|event| event.id).or(after);
    }
}

fn query(filter: &Filter) -> Vec<(&'static str, String)> {
    let kinds = (!filter.kinds.is_empty()).then(|| filter.kinds.join(","));
    let given = [
        ("actor", filter.actor.clone()),
        ("kind", kinds),
        ("subject", filter.subject.clone()),
        ("environment", filter.environment.clone()),
        ("since", filter.since.map(|time| time.to_string())),
        ("until", filter.until.map(|time| time.to_string())),
        ("text", filter.text.clone()),
        ("story", filter.correlation.map(|story| story.to_string())),
    ];
    given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// The newest entries, at most so many, in the order in which they happened. With `after`, only what came after that entry.
fn newest(
    client: &Client,
    query: &[(&'static str, String)],
    most: u32,
    after: Option<EventId>,
) -> anyhow::Result<Vec<Event>> {
    let (mut found, mut next) = (Vec::new(), None::<u64>);
    loop {
        let left = most.saturating_sub(u32::try_from(found.len()).unwrap_or(u32::MAX));
        let (limit, from) = (left.min(PAGE).to_string(), next.map(|next| next.to_string()));
        let given = query.iter().map(|(name, value)| (*name, value.as_str()));
        let page: Vec<_> =
            given.chain([("limit", limit.as_str())]).chain(from.as_deref().map(|from| ("after", from))).collect();
        let page: Page = as_type(&client.get("/ledger", &page)?)?;
        found.extend(page.items.into_iter().filter(|event| after.is_none_or(|after| event.id > after)));
        // What no index holds is looked for back to the beginning of the ledger; news is not that old.
        let later = |next: &u64| after.is_none_or(|after| *next > after.0);
        next = page.next.and_then(|next| next.parse().ok()).filter(later);
        if next.is_none() || found.len() >= most as usize {
            break;
        }
    }
    found.reverse();
    Ok(found)
}

/// Takes a copy.
pub fn export(arguments: &AuditExport) -> anyhow::Result<Outcome> {
    let format = match arguments.format {
        ExportFormat::Jsonl => "jsonl",
        ExportFormat::Csv => "csv",
        ExportFormat::Ocsf => "ocsf",
        ExportFormat::Tiles => bail!("tiles are written where the store is; over the network: --format jsonl"),
    };
    let client = Client::new(&arguments.remote)?;
    client.take(&format!("/ledger/export/{format}"), || open(arguments.out.as_deref()))?;
    Ok(Outcome::Done)
}
