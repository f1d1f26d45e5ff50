//! What people see: pages made here, with real forms, that work without JavaScript but for the live part. One file per
//! page; what a page shows and does goes through the same use cases and rules as the JSON API.

mod ask;
mod asset;
mod decide;
mod entry;
pub(crate) mod failure;
pub(crate) mod gate;
mod ledger;
mod objects;
mod overview;
pub(crate) mod parts;
mod people;
mod person;
mod request;
mod requests;
mod role;
mod roles;
mod server;
mod servers;
mod shell;
mod sign_in;
mod tokens;
mod watch;

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use crate::App;
use crate::problem::{self, Problem};

/// Every page.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/", get(overview::get))
        .route("/static/{hash}/{name}", get(asset::get))
        .route("/sign-in", get(sign_in::form).post(sign_in::enter))
        .route("/sign-out", post(sign_in::leave))
        .route("/environments", get(servers::get))
        .route("/environments/{environment}/{server}", get(server::get))
        .route("/environments/{environment}/{server}/apply", post(server::apply))
        .route("/requests", get(requests::get).post(ask::file))
        .route("/requests/new", get(ask::form))
        .route("/requests/{id}", get(request::get))
        .route("/requests/{id}/approve", post(decide::approve))
        .route("/requests/{id}/deny", post(decide::deny))
        .route("/requests/{id}/withdraw", post(decide::withdraw))
        .route("/requests/{id}/review", post(decide::review))
        .route("/leases/{id}/end", post(decide::end))
        .route("/people", get(people::get))
        .route("/people/{id}", get(person::get))
        .route("/people/{id}/suspend", post(person::suspend))
        .route("/people/{id}/reinstate", post(person::reinstate))
        .route("/roles", get(roles::get))
        .route("/roles/{name}", get(role::get))
        .route("/objects", get(objects::get))
        .route("/ledger", get(ledger::get))
        .route("/ledger/{id}", get(entry::get))
        .route("/ledger/export/{format}", get(ledger::copy))
        .route("/tokens", get(tokens::get).post(tokens::make))
        .route("/tokens/{id}/revoke", post(tokens::revoke))
        .route("/live", get(watch::get))
        .route("/live/events", get(crate::live::events))
}

/// For programs in their words, for people in theirs.
pub async fn not_found(request: Request) -> Response {
    if request.uri().path().starts_with("/api/") {
        return problem::not_found().await.into_response();
    }
    failure::Failure::from(Problem::new("not-found")).into_response()
}
