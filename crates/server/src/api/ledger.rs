//! `/ledger`: what happened, who did it and why.

use axum::Json;
use axum::extract::Path;
use axum::response::Response;
use jiff::Timestamp;
use rolecall_control::store::Filter;
use rolecall_core::admit::Action;
use rolecall_core::event::{Event, EventId};
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use super::extract::Search;
use super::page::{Page, below, limit, page};
use crate::identity::Asker;
use crate::problem::{Document, Problem};

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// Of this actor, as the log shows it: an address (by their tokens, too), or `alice on laptop`.
    actor: Option<String>,
    /// Of these kinds, such as `lease_started,lease_ended`.
    kind: Option<String>,
    /// That concern this person or service.
    subject: Option<String>,
    /// About this environment.
    environment: Option<String>,
    /// Not before.
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// Before.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// With this text somewhere.
    text: Option<String>,
    /// Of the story that begins with this entry.
    story: Option<u64>,
    /// The `next` of the page before.
    after: Option<String>,
    /// How many at most: 50 if not given, 200 at most.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// Entries of the ledger as they stand there, the newest first
///
/// A page may have fewer entries than asked for, and even none, and still a `next`: what no index holds (a text, a time, an
/// actor, an environment) is looked for in a part of the ledger, from the newest entry back, and `next` looks further.
#[utoipa::path(
    get, path = "/ledger", tag = "ledger", params(Which),
    responses((status = OK, body = Page<Object>), (status = "4XX", body = Document, content_type = "application/problem+json")),
)]
pub async fn list(asker: Asker, Search(which): Search<Which>) -> Result<Json<Page<Value>>, Problem> {
    let limit = limit(which.limit);
    let kinds = which.kind.iter().flat_map(|kinds| kinds.split(',')).map(|kind| kind.trim().to_owned()).collect();
    let filter = Filter {
        actor: which.actor,
        kinds,
        subject: which.subject,
        environment: which.environment,
        since: which.since,
        until: which.until,
        text: which.text,
        correlation: which.story.map(EventId),
        before: below(which.after.as_deref())?.map(|id| EventId(id.0)),
        limit: limit + 1,
        ..Filter::default()
    };
    let found = asker.office.ledger(&asker.identity.actor, &filter).await?;
    let view = |event: Event| serde_json::to_value(&event).unwrap_or_default();
    let Json(mut page) = page(found.events, limit, |event| event.id.to_string(), view);
    page.next = page.next.or_else(|| found.from.map(|from| from.to_string()));
    Ok(Json(page))
}

/// A copy of the whole ledger: `jsonl` with all that verifying needs, `csv`, or `ocsf`
///
/// It is sent as it is made. An answer that breaks off is not whole.
#[utoipa::path(
    get, path = "/ledger/export/{format}", tag = "ledger", params(("format" = String, Path, description = "`jsonl`, `csv` or `ocsf`")),
    responses(
        (status = OK, body = String, content_type = "application/x-ndjson"),
        (status = "4XX", body = Document, content_type = "application/problem+json"),
    ),
)]
pub async fn copy(asker: Asker, Path(format): Path<String>) -> Result<Response, Problem> {
    asker.office.may(&asker.identity.actor, Action::ExportLedger).await?;
    crate::copy::answer(&asker.office, &format).await
}
