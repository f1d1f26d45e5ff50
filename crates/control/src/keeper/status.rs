//! What is known of a server, for whoever wants to see it.

use std::sync::Arc;

use jiff::Timestamp;
use rolecall_core::event;
use rolecall_core::plan::Plan;
use rolecall_core::policy::model::Drift;

use crate::place::Place;

/// What is known of a server.
#[derive(Debug, Clone)]
pub struct Status {
    /// Which.
    pub place: event::Place,
    /// What is done about drift there.
    pub drift: Drift,
    /// When it was looked at last; None: not yet.
    pub looked: Option<Timestamp>,
    /// When it answered last; None: not yet.
    pub answered: Option<Timestamp>,
    /// Why it does not answer; None: it did when it was asked last, or was not asked yet.
    pub trouble: Option<String>,
    /// What its next apply would do; None: nothing.
    pub waiting: Option<Waiting>,
}

/// Changes that wait.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// The plan.
    pub plan: Arc<Plan>,
    /// The policy in force was applied before: somebody has changed the server since. Otherwise the policy is news to it.
    pub drifted: bool,
    /// Since when it is known.
    pub since: Timestamp,
    /// Why it cannot be applied as it is; None: it can.
    pub stopped: Option<String>,
}

impl Status {
    pub(super) fn unseen(place: Place<'_>) -> Self {
        let drift = place.environment.drift;
        Self { place: place.event(), drift, looked: None, answered: None, trouble: None, waiting: None }
    }
}
