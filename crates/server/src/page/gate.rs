//! Who looks at a page, and whether a form is really theirs.

use axum::extract::{FromRequest, FromRequestParts, OptionalFromRequestParts, Request};
use axum::http::header::{HOST, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri};
use rolecall_control::Sight;
use rolecall_control::identity::{Identity, csrf};
use rolecall_core::secret::Secret;

use super::failure::Failure;
use super::parts::link;
use crate::App;
use crate::identity::{Visitor, cookie_name};
use crate::problem::Problem;

/// The most bytes of a form.
const LARGEST: usize = 64 * 1_024;

/// Somebody who signed in, and what holds while their page is made.
pub struct Viewer {
    /// The server.
    pub app: App,
    /// Who, by which session.
    pub identity: Identity,
    /// What they may see.
    pub sight: Sight,
    /// What their forms must bear.
    pub csrf: String,
    /// The session's secret.
    pub session: Secret,
}

impl Viewer {
    /// The id of the person or service; None: the operator.
    pub fn id(&self) -> Option<&str> {
        self.identity.actor.principal()
    }

    /// True for the person or service with this id.
    pub fn is(&self, id: &str) -> bool {
        self.id() == Some(id)
    }
}

impl FromRequestParts<App> for Viewer {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let visitor = <Visitor as OptionalFromRequestParts<App>>::from_request_parts(parts, app).await?;
        let Some(Visitor { asker, session }) = visitor else { return Err(sign_in_first(parts, app)) };
        let sight = asker.office.sight(&asker.identity.actor).await?;
        let csrf = csrf(&session);
        Ok(Self { app: app.clone(), identity: asker.identity, sight, csrf, session })
    }
}

/// To where one signs in, and back again. What a form held is lost: nobody knows who sent it.
fn sign_in_first(parts: &Parts, app: &App) -> Failure {
    let back = if parts.method.is_safe() { parts.uri.path_and_query().map(ToString::to_string) } else { None };
    let ended = parts.headers.get_all("cookie").iter().any(|line| {
        line.to_str().is_ok_and(|line| line.split(';').any(|pair| pair.trim().starts_with(cookie_name(app))))
    });
    let mut query = Vec::new();
    if let Some(back) = back.filter(|back| back != "/") {
        query.push(("return", back));
    }
    if ended {
        query.push(("ended", "1".to_owned()));
    }
    Failure::Elsewhere(link("/sign-in", &query))
}

/// A form that its viewer sent from one of our pages.
pub struct Submitted {
    /// Who.
    pub viewer: Viewer,
    /// What it held.
    pub fields: Fields,
}

impl FromRequest<App> for Submitted {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &App) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        let viewer = Viewer::from_request_parts(&mut parts, app).await?;
        same_origin(&parts.headers, app)?;
        let fields = Fields::read(body).await?;
        if !same(fields.get("csrf"), &viewer.csrf) {
            return Err(Problem::new("forged").into());
        }
        Ok(Self { viewer, fields })
    }
}

/// Refuses what another site's page made a browser send. A client that says nothing about where it comes from is no
/// browser; the form's own token is asked for all the same.
pub fn same_origin(headers: &HeaderMap, app: &App) -> Result<(), Failure> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?").to_owned());
    let site = text("sec-fetch-site");
    let ours = site.as_deref().is_none_or(|site| site == "same-origin");
    let origin = text(ORIGIN.as_str()).is_none_or(|origin| {
        let public = app.config().public_url.as_deref().is_some_and(|url| url.eq_ignore_ascii_case(&origin));
        let authority = origin.parse::<Uri>().ok().and_then(|uri| uri.authority().map(ToString::to_string));
        public || (authority.is_some() && authority == text(HOST.as_str()))
    });
    if ours && origin { Ok(()) } else { Err(Problem::new("forged").into()) }
}

/// Compares without telling by the time it takes where the difference is.
fn same(given: &str, wanted: &str) -> bool {
    let differ = given.bytes().zip(wanted.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b));
    given.len() == wanted.len() && differ == 0
}

/// What a form held, as it was written.
#[derive(Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads a form.
    pub async fn read(body: axum::body::Body) -> Result<Self, Failure> {
        let bytes = axum::body::to_bytes(body, LARGEST).await.map_err(|_| Problem::new("too-large"))?;
        Ok(Self::parse(&bytes))
    }

    /// Reads a query.
    pub fn parse(bytes: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(bytes).map(|(name, value)| (name.into_owned(), value.replace("\r\n", "\n")));
        Self(pairs.collect())
    }

    /// A field's text; empty: it was left empty, or is not there.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value.trim())
    }

    /// A field's text, if there is any.
    pub fn some(&self, name: &str) -> Option<&str> {
        Some(self.get(name)).filter(|text| !text.is_empty())
    }

    /// Every value of a field that can be given more than once.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }
}

impl FromRequestParts<App> for Fields {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Self::Rejection> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default().as_bytes()))
    }
}
