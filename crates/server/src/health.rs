//! Is it alive, is it ready: for load balancers and supervisors. Says nothing else to strangers.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::App;

pub fn routes() -> Router<App> {
    Router::new().route("/health", get(ready)).route("/health/live", get(live)).route("/health/ready", get(ready))
}

async fn live() -> Json<Value> {
    Json(json!({ "status": "pass" }))
}

/// Ready: the store answers. A clock that is behind makes no other server a better one to ask.
async fn ready(State(app): State<App>) -> (StatusCode, Json<Value>) {
    let version = env!("CARGO_PKG_VERSION");
    match app.office().store.moment().await {
        Ok(moment) if moment.is_behind() => {
            let output = "the machine's clock is behind the latest time decided for: nothing is opened";
            (StatusCode::OK, Json(json!({ "status": "warn", "version": version, "output": output })))
        }
        Ok(_) => (StatusCode::OK, Json(json!({ "status": "pass", "version": version }))),
        Err(error) => {
            tracing::error!(%error, "the store does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "fail", "output": "the store does not answer" })))
        }
    }
}
