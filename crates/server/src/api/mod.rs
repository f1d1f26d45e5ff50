//! The JSON API under `/api/v1`: one file per resource. Its description is generated from the handlers themselves.

mod me;

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
    let v1 = OpenApiRouter::new().routes(routes!(me::me));
    OpenApiRouter::with_openapi(Description::openapi()).nest("/api/v1", v1)
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
