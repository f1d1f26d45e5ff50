//! `/me`: who one is to Rolecall.

use axum::Json;
use jiff::Timestamp;
use rolecall_core::admit::OPERATOR;
use serde::Serialize;
use utoipa::ToSchema;

use crate::identity::Asker;
use crate::problem::{Document, Problem};

/// Who one is to Rolecall, and what one may do there.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    /// The id of a person or service, or `(operator)`.
    #[schema(example = "bob@acme.test")]
    principal: String,
    /// The public id of the token or session that is used.
    #[schema(example = "t812")]
    token: String,
    /// What the token is for.
    scopes: Vec<String>,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    ends: Timestamp,
    /// What one is: administrator, approver, auditor, member. None of them: one may do nothing.
    rights: Vec<&'static str>,
}

/// Who am I?
#[utoipa::path(
    get, path = "/me", tag = "me",
    responses((status = OK, body = Me), (status = "4XX", body = Document, content_type = "application/problem+json")),
)]
pub async fn me(asker: Asker) -> Result<Json<Me>, Problem> {
    let Asker { identity, office } = asker;
    let rights = office.rights(&identity.actor).await?;
    let words = [
        (rights.administrator, "administrator"),
        (rights.approver, "approver"),
        (rights.auditor, "auditor"),
        (rights.member, "member"),
    ];
    Ok(Json(Me {
        principal: identity.actor.principal().unwrap_or(OPERATOR).to_owned(),
        token: identity.id,
        scopes: identity.scopes.words(),
        ends: identity.ends,
        rights: words.into_iter().filter(|(has, _)| *has).map(|(_, word)| word).collect(),
    }))
}
