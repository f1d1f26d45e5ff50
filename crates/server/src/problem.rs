//! Errors as RFC 9457 problem details: a stable code, a title, what is wrong here; no internals, no secrets.

mod mapping;
mod table;

use axum::Json;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

pub use table::TABLE;

/// An answer that is no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    code: &'static str,
    detail: Option<String>,
}

/// What went wrong, by RFC 9457.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Document {
    /// `urn:rolecall:problem:` and the code.
    #[serde(rename = "type")]
    kind: String,
    /// Stable, for programs.
    code: &'static str,
    /// What the code means.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What is wrong here.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl Problem {
    /// One of the table.
    pub fn new(code: &'static str) -> Self {
        Self { code, detail: None }
    }

    /// Says what is wrong here.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Its code.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The HTTP status and what the code means.
    pub fn row(&self) -> (StatusCode, &'static str) {
        let row = TABLE.iter().find(|(code, ..)| *code == self.code);
        let (status, title) = row.map_or((500, "Something went wrong"), |(_, status, title)| (*status, *title));
        (StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), title)
    }

    /// What is wrong, in a sentence for people.
    pub fn message(&self) -> String {
        self.detail.clone().unwrap_or_else(|| self.row().1.to_owned())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, title) = self.row();
        let kind = format!("urn:rolecall:problem:{}", self.code);
        let document = Document { kind, code: self.code, title, status: status.as_u16(), detail: self.detail };
        let mut response = (status, Json(document)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"rolecall\""));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("2"));
        }
        response
    }
}

/// For an address where there is nothing.
pub async fn not_found() -> Problem {
    Problem::new("not-found")
}

/// For a method that an address does not know.
pub async fn method_not_allowed() -> Problem {
    Problem::new("method-not-allowed")
}
