//! `/leases`: access that runs, and that has ended.

use axum::Json;
use rolecall_control::store::ListFilter;
use serde::Deserialize;
use utoipa::IntoParams;

use super::extract::{Answer, Number, Search, Write};
use super::page::{Page, below, limit, page};
use super::requests::Nothing;
use super::view::LeaseView;
use crate::identity::Asker;
use crate::problem::{Document, Problem};

/// Which Leases.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// In this state: opening, open, closing, overdue or closed; several with commas between.
    state: Option<String>,
    /// Whose.
    principal: Option<String>,
    /// In this environment.
    environment: Option<String>,
    /// Of this role.
    role: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
    /// How many at most: 50 if not given, 200 at most.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// Leases that one may see, the newest first
#[utoipa::path(
    get, path = "/leases", tag = "leases", params(Which),
    responses((status = OK, body = Page<LeaseView>), (status = "4XX", body = Document, content_type = "application/problem+json")),
)]
pub async fn list(asker: Asker, Search(which): Search<Which>) -> Result<Json<Page<LeaseView>>, Problem> {
    let limit = limit(which.limit);
    let states = which.state.iter().flat_map(|states| states.split(',')).map(|state| state.trim().to_owned()).collect();
    let filter = ListFilter {
        states,
        principal: which.principal,
        environment: which.environment,
        role: which.role,
        below: below(which.after.as_deref())?,
        limit: limit + 1,
        ..ListFilter::default()
    };
    let found = asker.office.leases(&asker.identity.actor, filter).await?;
    Ok(page(found, limit, |kept| kept.lease.id.to_string(), LeaseView::from))
}

/// One lease
#[utoipa::path(
    get, path = "/leases/{id}", tag = "leases", params(("id" = u64, Path, description = "Its number.")),
    responses((status = OK, body = LeaseView), (status = "4XX", body = Document, content_type = "application/problem+json")),
)]
pub async fn one(asker: Asker, Number(id): Number) -> Result<Json<LeaseView>, Problem> {
    Ok(Json(asker.office.one_lease(&asker.identity.actor, id).await?.into()))
}

/// End a lease before its time
#[utoipa::path(
    post, path = "/leases/{id}/end", tag = "leases", request_body(content = Nothing),
    params(
        ("id" = u64, Path, description = "Its number."),
        ("Idempotency-Key" = Option<String>, Header, description = "What is asked for twice with one key is done once."),
    ),
    responses((status = OK, body = LeaseView), (status = "4XX", body = Document, content_type = "application/problem+json")),
)]
pub async fn end(Number(id): Number, write: Write<Nothing>) -> Result<Json<LeaseView>, Problem> {
    let asker = write.asker.clone();
    match write.run(async |office, actor, _| office.end(&actor, id).await).await? {
        Answer::Made(_) | Answer::Before(_) => {
            Ok(Json(asker.office.one_lease(&asker.identity.actor, id).await?.into()))
        }
    }
}
