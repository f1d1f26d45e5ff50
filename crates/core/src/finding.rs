//! Something that a plan must say beside its changes: a stranger, a leak, a decision that is missing.

use serde::{Deserialize, Serialize};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Worth knowing.
    Info,
    /// Somebody should act.
    Warning,
    /// The plan is not applied while it stands.
    Error,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// Stable, for scripts and searches (`orphan-login`).
    pub code: String,
    /// What it is about, such as a role's or an object's name.
    pub subject: String,
    /// What was seen.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Finding {
    /// A finding without help.
    pub fn new(level: Level, code: &str, subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self { level, code: code.into(), subject: subject.into(), message: message.into(), help: None }
    }

    /// The same with help.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
