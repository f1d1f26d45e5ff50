//! Lists by page: the newest first, and where the next page begins.

use axum::Json;
use rolecall_core::request::RequestId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// How many there are on a page if nobody says, and at most.
const USUAL: u32 = 50;
const MOST: u32 = 200;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// What to give as `after` for the next page; none: this is the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Which page of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// The `next` of the page before.
    pub after: Option<String>,
    /// How many at most: 50 if not given, 200 at most.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

/// How many to put on a page.
pub fn limit(asked: Option<u32>) -> u32 {
    asked.unwrap_or(USUAL).clamp(1, MOST)
}

/// A page of what is numbered, from one more than fits on it.
pub fn page<S, T>(
    mut found: Vec<S>,
    limit: u32,
    number: impl Fn(&S) -> String,
    view: impl Fn(S) -> T,
) -> Json<Page<T>> {
    let most = limit as usize;
    let more = found.len() > most;
    found.truncate(most);
    let next = found.last().filter(|_| more).map(number);
    Json(Page { items: found.into_iter().map(view).collect(), next })
}

/// Where a list of Requests or Leases goes on.
pub fn below(after: Option<&str>) -> Result<Option<RequestId>, crate::problem::Problem> {
    let wrong = || crate::problem::Problem::new("bad-query").detail("`after` is the `next` of the page before");
    after.map(|after| after.parse().map(RequestId).map_err(|_| wrong())).transpose()
}
