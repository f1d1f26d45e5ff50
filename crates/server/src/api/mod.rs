//! The JSON API under `/api/v1`: one file per resource. Its description is generated from the handlers themselves.

mod clock;
mod credentials;
mod environments;
mod extract;
mod leases;
mod ledger;
mod me;
mod objects;
mod page;
mod principals;
mod requests;
mod roles;
mod tokens;
mod view;

use std::sync::LazyLock;

use axum::Json;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;

/// What the description says beside the routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Rolecall",
        description = "Who may see and change which table, column and row: asked, agreed, until when, and proof.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    security(("token" = []))
)]
struct Description;

/// Every route of the API, with its description.
pub fn routes() -> OpenApiRouter<App> {
    let v1 = OpenApiRouter::new()
        .routes(routes!(me::me))
        .routes(routes!(environments::list))
        .routes(routes!(environments::one))
        .routes(routes!(environments::plan))
        .routes(routes!(environments::apply))
        .routes(routes!(principals::list))
        .routes(routes!(principals::access))
        .routes(routes!(principals::suspend))
        .routes(routes!(principals::reinstate))
        .routes(routes!(roles::list))
        .routes(routes!(objects::list))
        .routes(routes!(objects::holders))
        .routes(routes!(requests::list, requests::file))
        .routes(routes!(requests::one))
        .routes(routes!(requests::effects))
        .routes(routes!(requests::approve))
        .routes(routes!(requests::deny))
        .routes(routes!(requests::withdraw))
        .routes(routes!(requests::review))
        .routes(routes!(leases::list))
        .routes(routes!(leases::one))
        .routes(routes!(leases::end))
        .routes(routes!(credentials::mint))
        .routes(routes!(clock::accept))
        .routes(routes!(ledger::list))
        .routes(routes!(ledger::copy))
        .routes(routes!(tokens::list, tokens::make))
        .routes(routes!(tokens::revoke));
    OpenApiRouter::with_openapi(Description::openapi()).nest("/api/v1", v1)
}

/// Serves the description to anybody: it says what Rolecall is, and nothing of anybody's.
pub(crate) async fn openapi() -> Json<&'static utoipa::openapi::OpenApi> {
    static DESCRIPTION: LazyLock<utoipa::openapi::OpenApi> = LazyLock::new(description);
    Json(&DESCRIPTION)
}

/// The description as it is published.
pub fn description() -> utoipa::openapi::OpenApi {
    let (_, mut description) = routes().split_for_parts();
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("`Authorization: Bearer rolecall_…`: a token made by `rolecall token make`."))
        .build();
    description.components.get_or_insert_default().add_security_scheme("token", SecurityScheme::Http(scheme));
    description
}
