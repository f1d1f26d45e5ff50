//! What handlers take from a request, and how they refuse what cannot be read.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Query, RawPathParams, Request};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use rolecall_control::store::{Once, StoreError};
use rolecall_control::{ControlError, Office};
use rolecall_core::admit::OPERATOR;
use rolecall_core::event::{Actor, EventId};
use rolecall_core::request::RequestId;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::App;
use crate::identity::Asker;
use crate::problem::Problem;

/// The most bytes of a body.
const LARGEST: usize = 64 * 1_024;
/// How long a client may take for a body.
const PATIENCE: Duration = Duration::from_secs(10);
/// Where a client's key stands.
const KEY: &str = "idempotency-key";

/// A question's parameters.
pub struct Search<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for Search<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let query = Query::try_from_uri(&parts.uri);
        query.map(|Query(value)| Self(value)).map_err(|error| Problem::new("bad-query").detail(error.body_text()))
    }
}

/// The number of a Request or Lease in the address. What is no number is not there.
pub struct Number(pub RequestId);

impl FromRequestParts<App> for Number {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, app).await.map_err(|_| Problem::new("not-found"))?;
        let number = params.iter().find(|(name, _)| *name == "id").and_then(|(_, value)| value.parse().ok());
        number.map(|number| Self(RequestId(number))).ok_or_else(|| Problem::new("not-found"))
    }
}

/// A change that somebody asks for.
pub struct Write<T> {
    /// Who.
    pub asker: Asker,
    /// What.
    pub value: T,
    app: App,
    once: Option<Once>,
}

/// What came of a change.
pub enum Answer<R> {
    /// It was made.
    Made(R),
    /// It was made before, by the same key: the first Event that tells of it.
    Before(EventId),
}

impl<T: DeserializeOwned> FromRequest<App> for Write<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let asker = Asker::from_request_parts(&mut parts, app).await?;
        let body = read(body).await?;
        let json = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|value| {
            let kind = value.split(';').next().unwrap_or_default().trim();
            kind.eq_ignore_ascii_case("application/json")
        });
        if !json && !body.is_empty() {
            return Err(Problem::new("content-type"));
        }
        let text: &[u8] = if body.is_empty() { b"{}" } else { &body };
        let value = serde_json::from_slice(text).map_err(|error| {
            // serde_json names the line and column itself.
            Problem::new("malformed").detail(error.to_string())
        })?;
        let once = match key(&parts.headers)? {
            None => None,
            Some(key) => {
                let mut hash = Sha256::new();
                for part in [parts.method.as_str().as_bytes(), parts.uri.path().as_bytes(), &body] {
                    hash.update((part.len() as u64).to_be_bytes());
                    hash.update(part);
                }
                let asker = asker.identity.actor.principal().unwrap_or(OPERATOR).to_owned();
                Some(Once { asker, key, fingerprint: hash.finalize().into() })
            }
        };
        Ok(Self { asker, value, app: app.clone(), once })
    }
}

async fn read(body: Body) -> Result<axum::body::Bytes, Problem> {
    match tokio::time::timeout(PATIENCE, to_bytes(body, LARGEST)).await {
        Err(_) => Err(Problem::new("slow-body")),
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => {
            let large =
                std::error::Error::source(&error).is_some_and(|source| source.to_string().contains("length limit"));
            Err(Problem::new(if large { "too-large" } else { "malformed" }))
        }
    }
}

fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(KEY).iter();
    let (value, more) = (values.next(), values.next());
    let Some(value) = value else { return Ok(None) };
    let fits = |key: &&str| (1..=128).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    let key = value.to_str().ok().filter(fits).filter(|_| more.is_none());
    key.map(|key| Some(key.to_owned())).ok_or_else(|| Problem::new("bad-key"))
}

impl<T> Write<T> {
    /// Makes the change, once for each key, and has it carried out.
    pub async fn run<R>(
        self,
        change: impl AsyncFnOnce(Office, Actor, T) -> Result<R, ControlError>,
    ) -> Result<Answer<R>, Problem> {
        let Self { asker: Asker { identity, office }, value, app, once } = self;
        let office = match once {
            None => office,
            Some(once) => {
                let now = office.store.clock().now();
                if let Some(event) = office.store.read().repeated(&once, now).await? {
                    return Ok(Answer::Before(event));
                }
                office.once(once)
            }
        };
        match change(office, identity.actor, value).await {
            Ok(made) => {
                app.keeper().nudge();
                Ok(Answer::Made(made))
            }
            // Two with the same key at once: the other one was first.
            Err(ControlError::Store(StoreError::Repeated(event))) => Ok(Answer::Before(event)),
            Err(error) => Err(error.into()),
        }
    }
}

impl<R> Answer<R> {
    /// What was made; what was shown once is not shown again.
    pub fn made(self) -> Result<R, Problem> {
        match self {
            Self::Made(made) => Ok(made),
            Self::Before(event) => Err(StoreError::Repeated(event).into()),
        }
    }
}
