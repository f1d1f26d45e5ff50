//! The statements of a plan, for those who read it before they agree.

use rolecall_core::plan::{Plan, Step};
use rolecall_engine::postgres::render::{Context, render};

/// The statements of one step, in order, as they would be sent. None: it cannot be written for this server; applying
/// says why.
pub fn statements(plan: &Plan, step: &Step) -> Option<Vec<String>> {
    let rendered = render(&step.change, Context { version: plan.identity.version });
    rendered.inspect_err(|error| tracing::warn!(%error, "a step has no statements")).ok()
}
