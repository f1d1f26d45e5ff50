//! Rolecall over HTTP, thin over the use cases of `rolecall-control`: what may be done is decided there.

pub mod api;
mod client;
mod copy;
mod health;
pub mod identity;
mod listener;
mod live;
mod metrics;
mod page;
mod pipe;
pub mod problem;
mod shield;
mod state;

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use rolecall_control::keeper::Keeper;
use thiserror::Error;
use tokio::net::TcpListener;

pub use client::Net;
pub use state::{App, Config, Guest};

/// Why the server stopped.
#[derive(Debug, Error)]
pub enum ServeError {
    /// It cannot be reached, or not any more.
    #[error("cannot take connections: {0}")]
    Listen(#[from] std::io::Error),
}

/// Serves on the listener until `shutdown`; requests that run by then are answered, connections that stay open are cut
/// after a while.
pub async fn serve(
    config: Config,
    keeper: Arc<Keeper>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    let app = App::new(config, keeper);
    listener::serve(listener, router(app.clone()), app, shutdown).await
}

/// Every route, behind the shield.
pub fn router(app: App) -> Router {
    let (api, _) = api::routes().split_for_parts();
    Router::new()
        .merge(api)
        .route("/api/v1/openapi.json", axum::routing::get(api::openapi))
        .merge(health::routes())
        .merge(metrics::routes())
        .merge(page::routes())
        .fallback(page::not_found)
        .method_not_allowed_fallback(problem::method_not_allowed)
        .layer(from_fn(shield::patience))
        .layer(from_fn_with_state(app.clone(), shield::headers))
        .layer(from_fn_with_state(app.clone(), shield::log))
        .with_state(app)
}
