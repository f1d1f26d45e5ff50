//! `/requests`: access is asked for, agreed to, refused, taken back, and reviewed.

use std::collections::BTreeMap;

use axum::Json;
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use jiff::{SpanRelativeTo, Timestamp};
use rolecall_core::plan::Effect;
use rolecall_core::request::{Draft, Outcome, Request, RequestId, Until};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::extract::{Answer, Number, Search, Write};
use super::page::{Page, below, limit, page};
use super::view::{EffectView, RequestView};
use crate::identity::Asker;
use crate::problem::{Document, Problem};
use rolecall_control::store::ListFilter;

/// Which Requests.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// In this state: pending, granted, denied, withdrawn, expired or broken; several with commas between.
    state: Option<String>,
    /// Whose access it is.
    principal: Option<String>,
    /// Who asked.
    requester: Option<String>,
    /// In this environment.
    environment: Option<String>,
    /// For this role.
    role: Option<String>,
    /// Break-glass that nobody has reviewed yet.
    #[serde(default)]
    unreviewed: bool,
    /// The `next` of the page before.
    after: Option<String>,
    /// How many at most: 50 if not given, 200 at most.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// A value or several.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Values {
    /// One.
    One(String),
    /// Several: each of them is asked for.
    Several(Vec<String>),
}

/// What is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// The role.
    #[schema(example = "support")]
    role: String,
    /// The environment.
    #[schema(example = "production")]
    environment: String,
    /// For whom; for oneself if not given.
    #[serde(rename = "for")]
    beneficiary: Option<String>,
    /// Values of the role's parameters.
    #[serde(default)]
    #[schema(example = json!({ "customer": "42" }))]
    with: BTreeMap<String, Values>,
    /// How long, such as `2h`, or until when, such as `2026-06-01T17:00:00Z`.
    #[schema(example = "2h")]
    until: String,
    /// Why.
    #[serde(default)]
    #[schema(example = "TICKET-9")]
    reason: String,
    /// Take it at once, where the rules let one; somebody reviews it afterwards.
    #[serde(default)]
    break_glass: bool,
    /// The lease that it is to continue.
    extends: Option<u64>,
}

/// An approver agrees to what they were shown.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Approve {
    /// The digest of the effects that were shown, from `/requests/{id}/effects`.
    digest: String,
}

/// An approver refuses.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Deny {
    /// Why.
    #[serde(default)]
    reason: String,
}

/// What a reviewer found.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// It was right to take the access.
    justified: bool,
    /// In the reviewer's words.
    #[serde(default)]
    note: String,
}

/// Nothing to say beside the address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// What a Request would do if it were granted now.
#[derive(Debug, Serialize, ToSchema)]
pub struct Effects {
    /// Who would gain or lose what.
    effects: Vec<EffectView>,
    /// To be given to `approve`: one agrees to these effects and no others.
    digest: String,
}

impl Effects {
    /// As an Office shows them.
    pub fn new((effects, digest): (Vec<Effect>, String)) -> Self {
        Self { effects: effects.into_iter().map(EffectView::from).collect(), digest }
    }
}

/// Requests that one may see, the newest first
#[utoipa::path(
    get, path = "/requests", tag = "requests", params(Which),
    responses((status = OK, body = Page<RequestView>), (status = "4XX", body = Document, content_type = "application/problem+json")),
)]
pub async fn list(asker: Asker, Search(which): Search<Which>) -> Result<Json<Page<RequestView>>, Problem> {
    let limit = limit(which.limit);
    let states = which.state.iter().flat_map(|states| states.split(',')).map(|state| state.trim().to_owned()).collect();
    let filter = ListFilter {
        states,
        principal: which.principal,
        requester: which.requester,
        environment: which.environment,
        role: which.role,
        unreviewed: which.unreviewed,
        below: below(which.after.as_deref())?,
        limit: limit + 1,
        seen: None,
    };
    let found = asker.office.requests(&asker.identity.actor, filter).await?;
    Ok(page(found, limit, |request| request.id.to_string(), RequestView::from))
}

/// One request
#[utoipa::path(
    get, path = "/requests/{id}", tag = "requests", params(("id" = u64, Path, description = "Its number.")),
    responses((status = OK, body = RequestView), (status = "4XX", body = Document, content_type = "application/problem+json")),
)]
pub async fn one(asker: Asker, Number(id): Number) -> Result<Json<RequestView>, Problem> {
    Ok(Json(asker.office.one_request(&asker.identity.actor, id).await?.into()))
}

/// What a request would do if it were granted now
#[utoipa::path(
    get, path = "/requests/{id}/effects", tag = "requests", params(("id" = u64, Path, description = "Its number.")),
    responses((status = OK, body = Effects), (status = "4XX", body = Document, content_type = "application/problem+json")),
)]
pub async fn effects(asker: Asker, Number(id): Number) -> Result<Json<Effects>, Problem> {
    Ok(Json(Effects::new(asker.office.shown(&asker.identity.actor, id).await?)))
}

/// Ask for access
#[utoipa::path(
    post, path = "/requests", tag = "requests", request_body = Ask,
    params(("Idempotency-Key" = Option<String>, Header, description = "What is asked for twice with one key is done once.")),
    responses(
        (status = CREATED, body = RequestView),
        (status = OK, body = RequestView, description = "It was asked for before with the same key; this is how it is now."),
        (status = "4XX", body = Document, content_type = "application/problem+json"),
    ),
)]
pub async fn file(write: Write<Ask>) -> Result<(StatusCode, HeaderMap, Json<RequestView>), Problem> {
    let (asker, until) = (write.asker.clone(), until(&write.value.until)?);
    let answer = write.run(async |office, actor, ask: Ask| {
        let requester = actor.principal().unwrap_or_default().to_owned();
        let values = |(name, values)| match values {
            Values::One(value) => (name, vec![value]),
            Values::Several(values) => (name, values),
        };
        let draft = Draft {
            beneficiary: ask.beneficiary.unwrap_or_else(|| requester.clone()),
            requester,
            environment: ask.environment,
            role: ask.role,
            with: ask.with.into_iter().map(values).collect(),
            until,
            reason: ask.reason,
        };
        match ask.break_glass {
            true => office.break_glass(&actor, draft).await,
            false => office.request(&actor, draft, ask.extends.map(RequestId)).await,
        }
    });
    let (status, request) = match answer.await? {
        Answer::Made(outcome) => (StatusCode::CREATED, outcome.request().clone()),
        Answer::Before(event) => {
            (StatusCode::OK, asker.office.one_request(&asker.identity.actor, RequestId(event.0)).await?)
        }
    };
    let mut headers = HeaderMap::new();
    if let Ok(place) = HeaderValue::from_str(&format!("/api/v1/requests/{}", request.id)) {
        headers.insert(LOCATION, place);
    }
    if status == StatusCode::OK {
        headers.insert(HeaderName::from_static("idempotency-replayed"), HeaderValue::from_static("true"));
    }
    Ok((status, headers, Json(request.into())))
}

/// Agree to a request, to the effects that were shown
#[utoipa::path(
    post, path = "/requests/{id}/approve", tag = "requests", request_body = Approve,
    params(
        ("id" = u64, Path, description = "Its number."),
        ("Idempotency-Key" = Option<String>, Header, description = "What is asked for twice with one key is done once."),
    ),
    responses((status = OK, body = RequestView), (status = "4XX", body = Document, content_type = "application/problem+json")),
)]
pub async fn approve(Number(id): Number, write: Write<Approve>) -> Result<Json<RequestView>, Problem> {
    let asker = write.asker.clone();
    let answer = write.run(async |office, actor, approve: Approve| office.approve(&actor, id, &approve.digest).await);
    match answer.await? {
        // It is noted that it is asked again; whoever agreed has not agreed to that.
        Answer::Made(Outcome::AskedAgain(_)) => Err(Problem::new("asked-again")),
        answer => decided(&asker, id, answer).await,
    }
}

/// Refuse a request
#[utoipa::path(
    post, path = "/requests/{id}/deny", tag = "requests", request_body = Deny,
    params(
        ("id" = u64, Path, description = "Its number."),
        ("Idempotency-Key" = Option<String>, Header, description = "What is asked for twice with one key is done once."),
    ),
    responses((status = OK, body = RequestView), (status = "4XX", body = Document, content_type = "application/problem+json")),
)]
pub async fn deny(Number(id): Number, write: Write<Deny>) -> Result<Json<RequestView>, Problem> {
    let asker = write.asker.clone();
    let answer = write.run(async |office, actor, deny: Deny| office.deny(&actor, id, &deny.reason).await);
    decided(&asker, id, answer.await?).await
}

/// Take a request back
#[utoipa::path(
    post, path = "/requests/{id}/withdraw", tag = "requests", request_body(content = Nothing),
    params(
        ("id" = u64, Path, description = "Its number."),
        ("Idempotency-Key" = Option<String>, Header, description = "What is asked for twice with one key is done once."),
    ),
    responses((status = OK, body = RequestView), (status = "4XX", body = Document, content_type = "application/problem+json")),
)]
pub async fn withdraw(Number(id): Number, write: Write<Nothing>) -> Result<Json<RequestView>, Problem> {
    let asker = write.asker.clone();
    let answer = write.run(async |office, actor, _| office.withdraw(&actor, id).await);
    decided(&asker, id, answer.await?).await
}

/// Say what came of looking at a break-glass
#[utoipa::path(
    post, path = "/requests/{id}/review", tag = "requests", request_body = Review,
    params(
        ("id" = u64, Path, description = "Its number."),
        ("Idempotency-Key" = Option<String>, Header, description = "What is asked for twice with one key is done once."),
    ),
    responses((status = OK, body = RequestView), (status = "4XX", body = Document, content_type = "application/problem+json")),
)]
pub async fn review(Number(id): Number, write: Write<Review>) -> Result<Json<RequestView>, Problem> {
    let asker = write.asker.clone();
    let answer = write
        .run(async |office, actor, review: Review| office.review(&actor, id, review.justified, &review.note).await);
    match answer.await? {
        Answer::Made(request) => Ok(Json(request.into())),
        Answer::Before(_) => as_it_is(&asker, id).await,
    }
}

async fn decided(asker: &Asker, id: RequestId, answer: Answer<Outcome>) -> Result<Json<RequestView>, Problem> {
    match answer {
        Answer::Made(outcome) => Ok(Json(Request::clone(outcome.request()).into())),
        Answer::Before(_) => as_it_is(asker, id).await,
    }
}

async fn as_it_is(asker: &Asker, id: RequestId) -> Result<Json<RequestView>, Problem> {
    Ok(Json(asker.office.one_request(&asker.identity.actor, id).await?.into()))
}

/// A time, or a length of time from when it is granted.
pub fn until(text: &str) -> Result<Until, Problem> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(Until::At(time));
    }
    let span = text.parse::<jiff::Span>().ok();
    let length = span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
    let seconds = length.and_then(|length| u64::try_from(length.as_secs()).ok()).filter(|seconds| *seconds > 0);
    let wrong =
        || Problem::new("malformed").detail("`until` is a length such as 2h, or a time such as 2026-06-01T17:00:00Z");
    seconds.map(Until::For).ok_or_else(wrong)
}
