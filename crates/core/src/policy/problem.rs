//! A problem in a policy: a code, a place, what is wrong and what to write instead.

use serde::Serialize;

/// A range of bytes in one file of the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
pub struct Span {
    /// Index into the policy's files.
    pub file: u32,
    /// First byte.
    pub start: u32,
    /// Byte after the last.
    pub end: u32,
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The policy can be used.
    Warning,
    /// It cannot.
    Error,
}

/// One problem. All of a policy's problems are reported at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Stable, for scripts and searches (`unknown-role`).
    pub code: &'static str,
    /// Whether the policy can be used all the same.
    pub severity: Severity,
    /// Where.
    pub span: Span,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl Problem {
    /// A problem that keeps the policy from being used.
    pub fn error(code: &'static str, span: Span, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { code, severity: Severity::Error, span, message: message.into(), help: Some(help.into()) }
    }

    /// A problem that somebody should look at.
    pub fn warning(code: &'static str, span: Span, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, span, message, help) }
    }

    /// True when the policy cannot be used.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
