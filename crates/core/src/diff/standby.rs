//! A standby can be read and compared, never changed.

use super::Differ;
use crate::finding::{Finding, Level};

/// Says so where the server is one: what a plan shows of it may be behind its primary.
pub fn note(differ: &mut Differ<'_>) {
    if !differ.state.identity.standby {
        return;
    }
    let message = "this server is a standby: it shows what has reached it from its primary, and cannot be changed";
    let help = "apply at the primary; what happens there streams to here by itself";
    differ.findings.push(Finding::new(Level::Warning, "standby", differ.scene.environment_name, message).help(help));
}
