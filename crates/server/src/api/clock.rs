//! `/clock`: the machine's clock is behind, and is taken for right.

use axum::Json;
use jiff::Timestamp;
use rolecall_control::Accepted;
use serde::Serialize;
use utoipa::ToSchema;

use super::extract::Write;
use super::principals::Reason;
use crate::problem::{Document, Problem};

/// What came of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClockAccepted)]
pub struct AcceptedView {
    /// What was decided for before.
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    /// What is decided for now.
    #[schema(value_type = String, format = DateTime)]
    to: Timestamp,
    /// How many leases it ended: they began after `to`, or were over by `from`.
    leases: usize,
    /// How many requests it closed.
    requests: usize,
    /// How many tokens and sessions it ended.
    tokens: usize,
}

/// Take the machine's clock for right, where it is behind
#[utoipa::path(
    post, path = "/clock/accept", tag = "clock", request_body = Reason,
    params(("Idempotency-Key" = Option<String>, Header, description = "What is asked for twice with one key is done once.")),
    responses((status = OK, body = AcceptedView), (status = "4XX", body = Document, content_type = "application/problem+json")),
)]
pub async fn accept(write: Write<Reason>) -> Result<Json<AcceptedView>, Problem> {
    let accepted = write.run(async |office, actor, Reason { reason }| office.accept_clock(&actor, &reason).await);
    let Accepted { from, to, leases, requests, tokens } = accepted.await?.made()?;
    Ok(Json(AcceptedView { from, to, leases, requests, tokens }))
}
