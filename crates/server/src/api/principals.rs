//! `/people` and `/principals`: who there is, what they hold and why; shut out and let back in.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use jiff::Timestamp;
use rolecall_control::look::{Holds, Somebody};
use rolecall_core::desire::{Because, Standing};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::extract::{Search, Write};
use super::page::{Page, Paging, limit, page};
use crate::identity::Asker;
use crate::problem::{Document, Problem};

/// A person or service.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Principal)]
pub struct PrincipalView {
    /// The id: an address, or a service's name.
    id: String,
    /// A name to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Of a service: the person who answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    /// active, suspended or gone.
    standing: &'static str,
    /// Suspended by an act, whatever the policy says: `reinstate` ends that.
    suspended_by_act: bool,
    /// Groups.
    groups: Vec<String>,
}

/// A role that somebody holds.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Holding)]
pub struct HoldingView {
    /// Where.
    environment: String,
    /// What.
    role: String,
    /// Values of the role's parameters.
    with: BTreeMap<String, Vec<String>>,
    /// Until when; none: it has no end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    ends: Option<Timestamp>,
    /// By what, in words.
    because: String,
    /// By this group.
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    /// By this lease.
    #[serde(skip_serializing_if = "Option::is_none")]
    lease: Option<u64>,
}

/// Somebody's whole access.
#[derive(Debug, Serialize, ToSchema)]
pub struct Access {
    /// Who.
    principal: PrincipalView,
    /// What they hold now; while suspended, what comes back with them.
    holds: Vec<HoldingView>,
}

/// Why it is done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// Why.
    #[serde(default)]
    pub reason: String,
}

impl From<Somebody> for PrincipalView {
    fn from(somebody: Somebody) -> Self {
        let standing = match somebody.standing {
            Standing::Active => "active",
            Standing::Suspended => "suspended",
            Standing::Gone => "gone",
        };
        let Somebody { id, name, owner, suspended_by_act, groups, .. } = somebody;
        Self { id, name, owner, standing, suspended_by_act, groups }
    }
}

impl From<Holds> for HoldingView {
    fn from(holds: Holds) -> Self {
        let because = holds.because.to_string();
        let (group, lease) = match holds.because {
            Because::Direct => (None, None),
            Because::Group(group) => (Some(group), None),
            Because::Lease { id, .. } => (None, Some(id.0)),
        };
        let Holds { environment, role, with, ends, .. } = holds;
        Self { environment, role, with, ends, because, group, lease }
    }
}

/// People and services, by id
#[utoipa::path(
    get, path = "/people", tag = "people", params(Paging),
    responses((status = OK, body = Page<PrincipalView>), (status = "4XX", body = Document, content_type = "application/problem+json")),
)]
pub async fn list(asker: Asker, Search(paging): Search<Paging>) -> Result<Json<Page<PrincipalView>>, Problem> {
    let limit = limit(paging.limit);
    let after = paging.after.unwrap_or_default();
    let found = asker.office.directory(&asker.identity.actor, &after, limit as usize + 1).await?;
    Ok(page(found, limit, |somebody| somebody.id.clone(), PrincipalView::from))
}

/// What somebody holds, and why
#[utoipa::path(
    get, path = "/people/{id}/access", tag = "people", params(("id" = String, Path, description = "An address, or a service's name.")),
    responses((status = OK, body = Access), (status = "4XX", body = Document, content_type = "application/problem+json")),
)]
pub async fn access(asker: Asker, Path(id): Path<String>) -> Result<Json<Access>, Problem> {
    let (somebody, holds) = asker.office.access(&asker.identity.actor, &id).await.map_err(not_there)?;
    Ok(Json(Access { principal: somebody.into(), holds: holds.into_iter().map(HoldingView::from).collect() }))
}

/// In an address, who is not there is a page that is not there.
fn not_there(error: rolecall_control::ControlError) -> Problem {
    let problem = Problem::from(error);
    if problem.code() == "unknown-principal" { Problem::new("not-found") } else { problem }
}

/// Shut somebody out; their leases end
#[utoipa::path(
    post, path = "/principals/{id}/suspend", tag = "people", request_body = Reason,
    params(
        ("id" = String, Path, description = "An address, or a service's name."),
        ("Idempotency-Key" = Option<String>, Header, description = "What is asked for twice with one key is done once."),
    ),
    responses((status = NO_CONTENT), (status = "4XX", body = Document, content_type = "application/problem+json")),
)]
pub async fn suspend(Path(id): Path<String>, write: Write<Reason>) -> Result<StatusCode, Problem> {
    write.run(async |office, actor, reason: Reason| office.suspend(&actor, &id, &reason.reason).await).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Let somebody back in whom an act shut out
#[utoipa::path(
    post, path = "/principals/{id}/reinstate", tag = "people", request_body = Reason,
    params(
        ("id" = String, Path, description = "An address, or a service's name."),
        ("Idempotency-Key" = Option<String>, Header, description = "What is asked for twice with one key is done once."),
    ),
    responses((status = NO_CONTENT), (status = "4XX", body = Document, content_type = "application/problem+json")),
)]
pub async fn reinstate(Path(id): Path<String>, write: Write<Reason>) -> Result<StatusCode, Problem> {
    write.run(async |office, actor, reason: Reason| office.reinstate(&actor, &id, &reason.reason).await).await?;
    Ok(StatusCode::NO_CONTENT)
}
