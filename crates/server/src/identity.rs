//! Who asks: by `Authorization: Bearer`, or by the cookie of a session.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::request::Parts;
use rolecall_control::Office;
use rolecall_control::identity::Identity;
use rolecall_control::store::Use;
use rolecall_core::secret::Secret;

use crate::problem::Problem;
use crate::{App, client};

/// Whoever asks, recognised, and the use cases narrowed to what their token is for.
#[derive(Clone)]
pub struct Asker {
    /// Who.
    pub identity: Identity,
    /// The use cases.
    pub office: Office,
}

/// Whoever asks by the cookie of a session: a browser.
#[derive(Clone)]
pub struct Visitor {
    /// Who.
    pub asker: Asker,
    /// The session's secret.
    pub session: Secret,
}

impl FromRequestParts<App> for Asker {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        if let Some(token) = bearer(parts)? {
            return recognise(parts, app, &token, Use::Token).await;
        }
        let visitor = <Visitor as OptionalFromRequestParts<App>>::from_request_parts(parts, app).await?;
        let visitor = visitor.ok_or_else(|| Problem::new("sign-in"))?;
        // A browser sends its cookie along with what any page makes it send; pages have forms with a token of their own.
        if parts.method.is_safe() { Ok(visitor.asker) } else { Err(Problem::new("cookie-write")) }
    }
}

impl OptionalFromRequestParts<App> for Visitor {
    type Rejection = Problem;

    /// None: no cookie, or one that is worth nothing any more.
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Option<Self>, Problem> {
        let Some(session) = cookie(parts, cookie_name(app)) else { return Ok(None) };
        match app.office().recognise(&session, Use::Session).await.map_err(Problem::from)? {
            Ok(identity) => {
                let office = app.office().narrowed(&identity.scopes);
                Ok(Some(Self { asker: Asker { identity, office }, session }))
            }
            Err(_) => Ok(None),
        }
    }
}

/// The session cookie's name. With HTTPS its prefix makes browsers insist on HTTPS, on this host and on the path `/`.
pub fn cookie_name(app: &App) -> &'static str {
    if app.config().secure() { "__Host-rolecall" } else { "rolecall" }
}

async fn recognise(parts: &Parts, app: &App, secret: &Secret, used: Use) -> Result<Asker, Problem> {
    let office = app.office();
    match office.recognise(secret, used).await? {
        Ok(identity) => Ok(Asker { office: office.narrowed(&identity.scopes), identity }),
        Err(why) => {
            let from = client::address(app, &parts.extensions, &parts.headers);
            office.refused(app.refusals(), &from, "token", why).await?;
            Err(Problem::new(why.code()))
        }
    }
}

fn bearer(parts: &Parts) -> Result<Option<Secret>, Problem> {
    let mut values = parts.headers.get_all(AUTHORIZATION).iter();
    let (value, more) = (values.next(), values.next());
    let Some(value) = value else { return Ok(None) };
    let token = value.to_str().ok().filter(|_| more.is_none()).and_then(|value| value.split_once(' '));
    let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
    token.map(|token| Some(Secret::new(token))).ok_or_else(|| Problem::new("bad-authorization"))
}

fn cookie(parts: &Parts, name: &str) -> Option<Secret> {
    let lines = parts.headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| Secret::new(value))
}
