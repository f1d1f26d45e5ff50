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

/// Ready: the store answers.
async fn ready(State(app): State<App>) -> (StatusCode, Json<Value>) {
    match app.office().store.read().decided().await {
        Ok(_) => (StatusCode::OK, Json(json!({ "status": "pass", "version": env!("CARGO_PKG_VERSION") }))),
        Err(error) => {
            tracing::error!(%error, "the store does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "fail", "output": "the store does not answer" })))
        }
    }
}
