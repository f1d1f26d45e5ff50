//! What went wrong, as a page: the same problems as of the JSON API, in the same words.

use axum::response::{IntoResponse, Redirect, Response};
use maud::html;
use rolecall_control::ControlError;
use rolecall_control::store::StoreError;
use rolecall_core::admit::Denied;

use super::shell;
use crate::problem::Problem;

/// Why there is no such page.
pub enum Failure {
    /// Something is wrong.
    Problem(Problem),
    /// Look somewhere else.
    Elsewhere(String),
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let problem = match self {
            Self::Elsewhere(address) => return Redirect::to(&address).into_response(),
            Self::Problem(problem) => problem,
        };
        let (status, title) = problem.row();
        let message = problem.message();
        let body = html! {
            p.lead { (message) @if !message.ends_with(['.', '!']) { "." } }
            p { a.button href="/" { "Go to the overview" } }
        };
        (status, shell::bare(title, &body)).into_response()
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<ControlError> for Failure {
    fn from(error: ControlError) -> Self {
        Self::Problem(error.into())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Problem(error.into())
    }
}

impl From<Denied> for Failure {
    fn from(denied: Denied) -> Self {
        Self::Problem(denied.into())
    }
}

/// To whom it is not shown it is not there.
pub fn hidden() -> Failure {
    Failure::Problem(Problem::new("not-found"))
}
