//! `/metrics` for Prometheus, in OpenMetrics' text form. It takes a token with the scope `metrics`, and names nobody.

mod live;
mod page;
mod plain;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;
use prometheus_client::encoding::text::encode;

pub use live::Live;

use crate::App;
use crate::identity::Asker;
use crate::problem::Problem;

/// What OpenMetrics calls itself.
const FORM: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The older text form.
const PLAIN: &str = "text/plain; version=0.0.4; charset=utf-8";

pub fn routes() -> Router<App> {
    Router::new().route("/metrics", get(metrics))
}

async fn metrics(State(app): State<App>, asker: Asker, headers: HeaderMap) -> Result<impl IntoResponse, Problem> {
    let measured = app.keeper().measure(&asker.office, &asker.identity.actor).await?;
    app.live().ended(&measured.ended);
    let mut text = String::new();
    encode(&mut text, &page::registry(app.live(), &measured)).map_err(|_| Problem::new("internal"))?;
    let wanted = headers.get(ACCEPT).and_then(|wanted| wanted.to_str().ok()).unwrap_or_default();
    if wanted.contains("text/plain") && !wanted.contains("application/openmetrics-text") {
        return Ok(([(CONTENT_TYPE, PLAIN)], plain::plain(&text)));
    }
    Ok(([(CONTENT_TYPE, FORM)], text))
}
