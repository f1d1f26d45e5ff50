//! What is done to a Request and to its Lease. Each ends on the Request's page.

use axum::extract::Path;
use axum::response::Redirect;
use rolecall_core::request::{Outcome, RequestId};

use super::failure::Failure;
use super::gate::{Submitted, Viewer};
use super::request::find;
use crate::problem::Problem;

type Done = Result<Redirect, Failure>;

fn back(viewer: &Viewer, id: u64, done: &str) -> Redirect {
    viewer.app.keeper().nudge();
    Redirect::to(&format!("/requests/{id}?done={done}"))
}

pub async fn approve(Path(id): Path<u64>, Submitted { viewer, fields }: Submitted) -> Done {
    find(&viewer, id).await?;
    let office = viewer.sight.office();
    let outcome = office.approve(&viewer.identity.actor, RequestId(id), fields.get("digest")).await?;
    Ok(back(&viewer, id, if matches!(outcome, Outcome::AskedAgain(_)) { "again" } else { "approved" }))
}

pub async fn deny(Path(id): Path<u64>, Submitted { viewer, fields }: Submitted) -> Done {
    find(&viewer, id).await?;
    viewer.sight.office().deny(&viewer.identity.actor, RequestId(id), fields.get("reason")).await?;
    Ok(back(&viewer, id, "denied"))
}

pub async fn withdraw(Path(id): Path<u64>, Submitted { viewer, .. }: Submitted) -> Done {
    find(&viewer, id).await?;
    viewer.sight.office().withdraw(&viewer.identity.actor, RequestId(id)).await?;
    Ok(back(&viewer, id, "withdrawn"))
}

pub async fn review(Path(id): Path<u64>, Submitted { viewer, fields }: Submitted) -> Done {
    find(&viewer, id).await?;
    let justified = match fields.get("justified") {
        "yes" => true,
        "no" => false,
        _ => return Err(Problem::new("malformed").detail("Say whether it was justified").into()),
    };
    viewer.sight.office().review(&viewer.identity.actor, RequestId(id), justified, fields.get("note")).await?;
    Ok(back(&viewer, id, "reviewed"))
}

pub async fn end(Path(id): Path<u64>, Submitted { viewer, .. }: Submitted) -> Done {
    find(&viewer, id).await?;
    viewer.sight.office().end(&viewer.identity.actor, RequestId(id)).await?;
    Ok(back(&viewer, id, "ended"))
}
