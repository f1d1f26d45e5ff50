//! `/tokens`: API tokens are made, listed and revoked. A token is shown once.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use jiff::Timestamp;
use rolecall_control::identity::NewToken;
use rolecall_control::store::{Token, TokenFilter};
use rolecall_core::admit::{OPERATOR, Scope, Scopes};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::extract::{Search, Write};
use super::page::{Page, Paging, limit, page};
use super::requests::Nothing;
use crate::identity::Asker;
use crate::problem::{Document, Problem};

/// A token without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Token)]
pub struct TokenView {
    /// Its public id.
    #[schema(example = "t812")]
    id: String,
    /// Whose: the id of a person or service, or `(operator)`.
    of: String,
    /// read, request, decide, administer, metrics.
    scopes: Vec<String>,
    /// What its maker noted.
    note: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    made: Timestamp,
    /// When it ends by itself.
    #[schema(value_type = String, format = DateTime)]
    ends: Timestamp,
    /// When it was ended early.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    revoked: Option<Timestamp>,
}

/// A token that was just made.
#[derive(Serialize, ToSchema)]
pub struct MadeToken {
    /// The token itself. It cannot be shown again.
    secret: String,
    /// All else.
    token: TokenView,
}

/// A token to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeToken {
    /// Whose: the id of a person or service; one's own if not given.
    of: Option<String>,
    /// read, request, decide, administer, metrics.
    #[schema(value_type = Vec<String>, example = json!(["read", "request"]))]
    scopes: Vec<Scope>,
    /// When it ends: in 90 days if not given, in 366 days at the latest.
    #[schema(value_type = Option<String>, format = DateTime)]
    ends: Option<Timestamp>,
    /// What it is for.
    #[serde(default)]
    note: String,
}

impl From<Token> for TokenView {
    fn from(token: Token) -> Self {
        let Token { id, of, scopes, note, made, ends, revoked, .. } = token;
        Self { id, of: of.unwrap_or_else(|| OPERATOR.to_owned()), scopes: scopes.words(), note, made, ends, revoked }
    }
}

/// Tokens that one may see, the newest first, those that have ended too
#[utoipa::path(
    get, path = "/tokens", tag = "tokens", params(Paging),
    responses((status = OK, body = Page<TokenView>), (status = "4XX", body = Document, content_type = "application/problem+json")),
)]
pub async fn list(asker: Asker, Search(paging): Search<Paging>) -> Result<Json<Page<TokenView>>, Problem> {
    let limit = limit(paging.limit);
    let wrong = |_| Problem::new("bad-query").detail("`after` is the `next` of the page before");
    let below =
        paging.after.as_deref().map(|after| after.trim_start_matches('t').parse().map_err(wrong)).transpose()?;
    let filter = TokenFilter { of: None, below, limit: limit + 1 };
    let found = asker.office.tokens(&asker.identity.actor, filter).await?;
    Ok(page(found, limit, |token| token.id.clone(), TokenView::from))
}

/// Make a token
#[utoipa::path(
    post, path = "/tokens", tag = "tokens", request_body = MakeToken,
    params(("Idempotency-Key" = Option<String>, Header, description = "Asked for twice with one key, it is made once and shown once.")),
    responses((status = CREATED, body = MadeToken), (status = "4XX", body = Document, content_type = "application/problem+json")),
)]
pub async fn make(write: Write<MakeToken>) -> Result<(StatusCode, Json<MadeToken>), Problem> {
    let made = write.run(async |office, actor, make: MakeToken| {
        let of = make.of.or_else(|| actor.principal().map(str::to_owned)).filter(|of| of != OPERATOR);
        let scopes: Scopes = make.scopes.into_iter().collect();
        office.make_token(&actor, NewToken { of, scopes, ends: make.ends, note: make.note }).await
    });
    let made = made.await?.made()?;
    let view = MadeToken { secret: made.secret.reveal().to_owned(), token: made.token.into() };
    Ok((StatusCode::CREATED, Json(view)))
}

/// Revoke a token, and with it the sessions begun with it
#[utoipa::path(
    post, path = "/tokens/{id}/revoke", tag = "tokens", request_body(content = Nothing),
    params(
        ("id" = String, Path, description = "Its public id."),
        ("Idempotency-Key" = Option<String>, Header, description = "What is asked for twice with one key is done once."),
    ),
    responses((status = NO_CONTENT), (status = "4XX", body = Document, content_type = "application/problem+json")),
)]
pub async fn revoke(Path(id): Path<String>, write: Write<Nothing>) -> Result<StatusCode, Problem> {
    write.run(async |office, actor, _| office.revoke_token(&actor, &id).await).await?;
    Ok(StatusCode::NO_CONTENT)
}
